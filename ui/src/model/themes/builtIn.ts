/**
 * The themes that come with the application. Palettes are colour values; those of others are named with their authors
 * and the licence of the project that publishes them (all MIT unless said otherwise).
 */
import { COLOUR_NAMES, type Colours, type Theme } from "./colours";

/** Background, text, cursor, text under it, selection, then the sixteen in their order. */
function theme(name: string, credit: string, palette: string): Theme {
  const values = palette.trim().split(/\s+/);
  const colours = Object.fromEntries(
    COLOUR_NAMES.map((colour, index) => [colour, `#${values[index] ?? ""}`]),
  ) as Colours;
  return { name, credit, colours };
}

export const NATIVE_LIGHT = "Sessiondeck Light";
export const NATIVE_DARK = "Sessiondeck Dark";

export const BUILT_IN_THEMES: readonly Theme[] = [
  theme(
    NATIVE_LIGHT,
    "Sessiondeck",
    `ffffff 1b242d 0b6f66 ffffff b9dcd7
    1b242d b3261e 1a7336 7d5a00 1d5bb8 8b3aa8 0a6f78 d5dbe1
    66727e cf3a31 23843f 946b00 2f73d9 a04fc0 0b818c ffffff`,
  ),
  theme(
    NATIVE_DARK,
    "Sessiondeck",
    `11161b d9e1e8 4fc6b4 11161b 24504b
    2a333d f2777a 7ccf8a e6c15c 7aa9f7 c896f0 5cc8c8 c7d0d9
    6d7c8b ff9a9c a0e6ab f5d98a a5c6ff dcb8fa 8be3e0 f4f7fa`,
  ),
  theme(
    "High Contrast Light",
    "Sessiondeck",
    `ffffff 000000 000000 ffffff a8c7fa
    000000 8f0000 005000 5c4000 00308f 6a0078 004f56 595959
    404040 a80000 006100 6b4a00 0040b0 800090 005f66 000000`,
  ),
  theme(
    "High Contrast Dark",
    "Sessiondeck",
    `000000 ffffff ffffff 000000 264f78
    767676 ff8a8a 6ee66e ffe45c 9cc4ff ff9cff 5ce6e6 ffffff
    a6a6a6 ffb0b0 9cff9c fff09c c4dcff ffc4ff 9cffff ffffff`,
  ),
  theme(
    "Solarized Light",
    "Ethan Schoonover",
    `fdf6e3 657b83 586e75 fdf6e3 eee8d5
    073642 dc322f 859900 b58900 268bd2 d33682 2aa198 eee8d5
    002b36 cb4b16 586e75 657b83 839496 6c71c4 93a1a1 fdf6e3`,
  ),
  theme(
    "Solarized Dark",
    "Ethan Schoonover",
    `002b36 839496 93a1a1 002b36 073642
    073642 dc322f 859900 b58900 268bd2 d33682 2aa198 eee8d5
    002b36 cb4b16 586e75 657b83 839496 6c71c4 93a1a1 fdf6e3`,
  ),
  theme(
    "Gruvbox Light",
    "Pavel Pertsev",
    `fbf1c7 3c3836 3c3836 fbf1c7 d5c4a1
    fbf1c7 cc241d 98971a d79921 458588 b16286 689d6a 7c6f64
    928374 9d0006 79740e b57614 076678 8f3f71 427b58 3c3836`,
  ),
  theme(
    "Gruvbox Dark",
    "Pavel Pertsev",
    `282828 ebdbb2 ebdbb2 282828 504945
    282828 cc241d 98971a d79921 458588 b16286 689d6a a89984
    928374 fb4934 b8bb26 fabd2f 83a598 d3869b 8ec07c ebdbb2`,
  ),
  theme(
    "Nord",
    "Sven Greb and Arctic Ice Studio",
    `2e3440 d8dee9 d8dee9 2e3440 434c5e
    3b4252 bf616a a3be8c ebcb8b 81a1c1 b48ead 88c0d0 e5e9f0
    4c566a bf616a a3be8c ebcb8b 81a1c1 b48ead 8fbcbb eceff4`,
  ),
  theme(
    "Dracula",
    "Zeno Rocha",
    `282a36 f8f8f2 f8f8f2 282a36 44475a
    21222c ff5555 50fa7b f1fa8c bd93f9 ff79c6 8be9fd f8f8f2
    6272a4 ff6e6e 69ff94 ffffa5 d6acff ff92df a4ffff ffffff`,
  ),
  theme(
    "Catppuccin Latte",
    "Catppuccin",
    `eff1f5 4c4f69 dc8a78 eff1f5 ccd0da
    5c5f77 d20f39 40a02b df8e1d 1e66f5 ea76cb 179299 acb0be
    6c6f85 d20f39 40a02b df8e1d 1e66f5 ea76cb 179299 bcc0cc`,
  ),
  theme(
    "Catppuccin Mocha",
    "Catppuccin",
    `1e1e2e cdd6f4 f5e0dc 1e1e2e 585b70
    45475a f38ba8 a6e3a1 f9e2af 89b4fa f5c2e7 94e2d5 bac2de
    585b70 f38ba8 a6e3a1 f9e2af 89b4fa f5c2e7 94e2d5 a6adc8`,
  ),
  theme(
    // The editor theme's colours; Apache-2.0.
    "Tokyo Night",
    "Enkia",
    `1a1b26 c0caf5 c0caf5 1a1b26 33467c
    15161e f7768e 9ece6a e0af68 7aa2f7 bb9af7 7dcfff a9b1d6
    414868 f7768e 9ece6a e0af68 7aa2f7 bb9af7 7dcfff c0caf5`,
  ),
  theme(
    "One Light",
    "Atom",
    `fafafa 383a42 526fff fafafa dbdbdc
    383a42 e45649 50a14f c18401 4078f2 a626a4 0184bc a0a1a7
    696c77 e45649 50a14f c18401 4078f2 a626a4 0184bc 202227`,
  ),
  theme(
    "One Dark",
    "Atom",
    `282c34 abb2bf 528bff 282c34 3e4451
    3f4451 e06c75 98c379 e5c07b 61afef c678dd 56b6c2 abb2bf
    5c6370 e06c75 98c379 e5c07b 61afef c678dd 56b6c2 ffffff`,
  ),
];
