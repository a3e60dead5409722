"""The RPC methods, one module a subject; `registry` collects them."""
