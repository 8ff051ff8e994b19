/** The style of a report: light or dark by the reader's system, unless the reader chooses. */
import { cssVariables } from "../design/theme.js";
import { interactiveStyles } from "../interactive/styles.js";

export const stylesheet = `
:root { ${cssVariables("light")} }
@media (prefers-color-scheme: dark) { :root:not([data-theme="light"]) { ${cssVariables("dark")} } }
:root[data-theme="dark"] { ${cssVariables("dark")} }
body { margin: 0 auto; max-width: 1080px; padding: 40px 24px 72px; background: var(--mi-ground); color: var(--mi-ink); font: 15px/1.55 var(--mi-font); }
header { border-bottom: 1px solid var(--mi-line); padding-bottom: var(--mi-space-large); margin-bottom: var(--mi-space-large); }
h1 { font-size: var(--mi-size-title); line-height: 1.15; letter-spacing: -0.02em; font-weight: 700; margin: 0 0 var(--mi-space-medium); max-width: 36ch; text-wrap: balance; }
h2 { font-size: var(--mi-size-heading); letter-spacing: -0.01em; margin: 48px 0 var(--mi-space-medium); }
h3 { font-size: var(--mi-size-lead); }
header p { color: var(--mi-quiet); margin: var(--mi-space-small) 0; }
p { max-width: 72ch; white-space: pre-line; }
a { color: var(--mi-accent); }
code, pre { font-family: var(--mi-font-token); font-size: var(--mi-size-small); }
.command code { display: inline-block; padding: 4px 10px; border: 1px solid var(--mi-line); border-radius: 6px; background: var(--mi-card); color: var(--mi-ink); overflow-wrap: anywhere; white-space: pre-wrap; }
.theme { font-size: var(--mi-size-small); color: var(--mi-quiet); }
.theme select { font: inherit; color: var(--mi-ink); background: var(--mi-card); border: 1px solid var(--mi-line); border-radius: 6px; padding: 2px 6px; }
nav ol { padding-left: 1.7em; columns: 2; }
figure.still { margin: var(--mi-space-large) 0; padding: var(--mi-space-medium); border: 1px solid var(--mi-line); border-radius: 10px; background: #ffffff; }
.scroll { overflow-x: auto; }
figure.still svg { display: block; }
[data-mi-part="still"] table { border-collapse: collapse; font-size: var(--mi-size-small); margin: var(--mi-space-large) 0; }
caption { text-align: left; color: var(--mi-quiet); padding-bottom: 4px; }
[data-mi-part="still"] :is(th, td) { padding: 5px 16px 5px 0; border-bottom: 1px solid var(--mi-line); text-align: left; white-space: pre-wrap; font-variant-numeric: tabular-nums; }
[data-mi-part="still"] :is(th, td).number { text-align: right; }
.strong { font-weight: 650; }
.quiet { color: var(--mi-quiet); }
.good { color: var(--mi-good); }
.bad { color: var(--mi-bad); }
footer { margin-top: 56px; color: var(--mi-quiet); border-top: 1px solid var(--mi-line); padding-top: var(--mi-space-large); }
pre { overflow-x: auto; }
@media (max-width: 640px) { body { padding: 16px 12px 40px; } h1 { font-size: 22px; } nav ol { columns: 1; } }
@media print { .mi-figure, figure.still { break-inside: avoid; } }
${interactiveStyles}
`.trim();
