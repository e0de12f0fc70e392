import reactHooks from "eslint-plugin-react-hooks";
import tseslint from "typescript-eslint";

const noMarkup = "text from outside goes in through textContent only";
const onlyHost = "only src/host talks to the backend; the rest sees the Host interface";

/** What each folder may not import: imports point downwards, views → model → host; terminal knows neither. */
const layers = (folder, forbidden) => ({
  files: [`src/${folder}/**/*.{ts,tsx}`],
  rules: {
    "no-restricted-imports": [
      "error",
      {
        patterns: [
          { group: ["@tauri-apps/*"], message: onlyHost },
          ...forbidden.map((name) => ({
            group: [`**/${name}/**`],
            message: `${folder} may not import ${name}`,
          })),
        ],
      },
    ],
  },
});

export default tseslint.config(
  { ignores: ["dist", "coverage", "src/generated"] },
  {
    files: ["src/**/*.{ts,tsx}", "*.ts"],
    extends: [tseslint.configs.strictTypeChecked, tseslint.configs.stylisticTypeChecked],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    plugins: { "react-hooks": reactHooks },
    rules: {
      "@typescript-eslint/switch-exhaustiveness-check": [
        "error",
        { considerDefaultExhaustiveForUnions: true, requireDefaultForNonUnion: true },
      ],
      "@typescript-eslint/restrict-template-expressions": ["error", { allowNumber: true }],
      "@typescript-eslint/no-confusing-void-expression": ["error", { ignoreArrowShorthand: true }],
      "react-hooks/rules-of-hooks": "error",
      "react-hooks/exhaustive-deps": "error",
      "no-restricted-imports": ["error", { patterns: [{ group: ["@tauri-apps/*"], message: onlyHost }] }],
      "no-eval": "error",
      "no-implied-eval": "off",
      "@typescript-eslint/no-implied-eval": "error",
      "no-new-func": "error",
      "no-restricted-properties": [
        "error",
        { property: "innerHTML", message: noMarkup },
        { property: "outerHTML", message: noMarkup },
        { property: "insertAdjacentHTML", message: noMarkup },
        { property: "setHTMLUnsafe", message: noMarkup },
        { property: "createContextualFragment", message: noMarkup },
        { property: "serializeAsHTML", message: noMarkup },
        { object: "document", property: "write", message: noMarkup },
        { object: "document", property: "writeln", message: noMarkup },
      ],
      "no-restricted-syntax": [
        "error",
        { selector: "JSXAttribute[name.name='dangerouslySetInnerHTML']", message: noMarkup },
      ],
      eqeqeq: "error",
      "no-console": "error",
    },
  },
  layers("terminal", ["host", "model", "views"]),
  layers("model", ["terminal", "views"]),
  { files: ["src/host/**/*.ts"], rules: { "no-restricted-imports": "off" } },
);
