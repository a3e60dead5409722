"""The one pair of shaders; a picture is made for each output that is asked for, in one pass."""

from __future__ import annotations

from collections.abc import Sequence

VERTEX_SHADER = """#version 330
uniform mat4 camera;
uniform vec4 sun;  // direction times strength, and the ambient light
in vec3 position;
in vec4 normal;  // and the layer
in vec4 colour;  // and the share of paint
in uvec4 tag;  // label, identity (two bytes), lamp
in vec4 place_x;
in vec4 place_y;
in vec4 place_z;
in vec4 paint;  // and the state
in uvec4 mark;  // label, -, identity (two bytes)
flat out vec3 shade;
flat out vec4 kind;
flat out vec3 facing;

void main() {
    vec4 point = vec4(position, 1.0);
    gl_Position = camera * vec4(dot(place_x, point), dot(place_y, point), dot(place_z, point), 1.0);
    gl_Position.z -= normal.w * LAYER * gl_Position.w;
    vec3 x = vec3(place_x.x, place_y.x, place_z.x);
    vec3 y = vec3(place_x.y, place_y.y, place_z.y);
    vec3 z = vec3(place_x.z, place_y.z, place_z.z);
    facing = normalize(x * (normal.x / dot(x, x)) + y * (normal.y / dot(y, y)) + z * (normal.z / dot(z, z)));
    float level = sun.w + max(dot(facing, sun.xyz), 0.0);
    uint state = uint(paint.w * 255.0 + 0.5);
    level = tag.w == 0u ? level : (tag.w & state) != 0u ? 1.0 : 0.3 * level;
    shade = min(mix(colour.rgb, paint.rgb, colour.a) * level, 1.0);
    uint label = tag.x != 0u ? tag.x : mark.x;
    kind = vec4(float(label), float(tag.y | mark.z), float(tag.z | mark.w), 0.0) / 255.0;
}
"""
LAYER = "4e-6"
"""Share of the depth range by which a layer is nearer than the one below."""
FRAGMENT_HEAD = """#version 330
uniform vec4 haze;  // the sky's colour, and its share per metre
flat in vec3 shade;
flat in vec4 kind;
flat in vec3 facing;
"""
OUTPUTS = {
    "rgb": "vec4(mix(shade, haze.rgb, min(haze.a * depth, 1.0)).bgr, 1.0)",
    "depth": "pack_depth(depth)",
    "semantic": "vec4(0.0, 0.0, kind.x, 1.0)",
    "instance": "vec4(kind.z, kind.y, kind.x, 1.0)",
    "normals": "vec4(0.5 + 0.5 * facing.zyx, 1.0)",
}
"""Name -> the pixel as blue, green, red, alpha."""
PACK_DEPTH = """
vec4 pack_depth(float depth) {
    uint value = uint(min(depth, 1000.0) * 16777.215);
    return vec4(float(value >> 16u), float((value >> 8u) & 255u), float(value & 255u), 255.0) / 255.0;
}
"""


def vertex_shader() -> str:
    """GLSL."""
    return VERTEX_SHADER.replace("LAYER", LAYER)


def fragment_shader(outputs: Sequence[str]) -> str:
    """GLSL that writes the outputs to the attachments 0, 1, ..."""
    declared = "".join(f"layout(location = {i}) out vec4 out_{name};\n" for i, name in enumerate(outputs))
    written = "".join(f"    out_{name} = {OUTPUTS[name]};\n" for name in outputs)
    pack = PACK_DEPTH if "depth" in outputs else ""
    body = f"void main() {{\n    float depth = 1.0 / gl_FragCoord.w;\n{written}}}\n"
    return FRAGMENT_HEAD + declared + pack + body
