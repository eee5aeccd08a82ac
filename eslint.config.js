// The rules for the JavaScript of the widgets: `npx eslint lenet_lab/widgets docs/site tests/javascript`.
export default [{
  files: ["**/*.js"],
  languageOptions: { ecmaVersion: 2024, sourceType: "module", globals: Object.fromEntries(["document", "window", "location", "history", "setTimeout",
    "clearTimeout", "setInterval", "clearInterval", "requestAnimationFrame", "performance", "getComputedStyle", "Event", "ResizeObserver", "OffscreenCanvas",
    "atob", "URLSearchParams", "queueMicrotask", "process", "console", "structuredClone"].map((name) => [name, "readonly"])) },
  rules: { "no-undef": "error", "no-unused-vars": "error", "prefer-const": "error", eqeqeq: ["error", "smart"], "no-var": "error", "no-shadow": "off",
    "no-redeclare": "error", "no-dupe-keys": "error", "no-unreachable": "error", "no-fallthrough": "error", "no-self-compare": "error" },
}];
