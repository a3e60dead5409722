"""Tasks of mjlab (manager-based, on MuJoCo Warp) as environments; mjlab is imported when one is made."""
