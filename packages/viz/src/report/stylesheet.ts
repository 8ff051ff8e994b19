/** The style of a report: light or dark by the reader's system, figures always on white. */
export const stylesheet = `
:root { color-scheme: light dark; --ink: #1a1a1a; --quiet: #5c5c5c; --ground: #fafafa; --card: #ffffff; --line: #dcdcdc; --link: #1f5fa8; }
@media (prefers-color-scheme: dark) { :root { --ink: #ececec; --quiet: #a8a8a8; --ground: #16181b; --card: #202328; --line: #3a3f46; --link: #86b7f0; } }
body { margin: 0 auto; max-width: 1040px; padding: 24px 20px 64px; background: var(--ground); color: var(--ink); font: 16px/1.55 system-ui, sans-serif; }
h1 { font-size: 1.7rem; line-height: 1.2; margin: 0.4em 0; }
h2 { font-size: 1.25rem; margin: 2.2em 0 0.5em; }
header p, caption, figcaption { color: var(--quiet); }
p { max-width: 72ch; white-space: pre-line; }
a { color: var(--link); }
nav ol { padding-left: 1.3em; }
figure { margin: 1em 0; padding: 8px; border: 1px solid var(--line); border-radius: 8px; background: #ffffff; }
figcaption { color: #5c5c5c; font-size: 0.85rem; padding: 4px 4px 0; }
.scroll { overflow-x: auto; }
figure svg { display: block; }
table { border-collapse: collapse; font-size: 0.9rem; margin: 1em 0; }
caption { text-align: left; padding-bottom: 4px; }
th, td { padding: 4px 12px 4px 0; border-bottom: 1px solid var(--line); text-align: left; white-space: pre-wrap; }
p.quiet, td.quiet { color: var(--quiet); }
td.strong { font-weight: 650; }
td.good { color: #1b7837; }
td.bad { color: #c2410c; }
.token-strip { margin: 0.6em 0; line-height: 1.9; overflow-wrap: anywhere; }
.token-strip b { font-weight: 600; margin-right: 6px; }
.token-strip span { padding: 1px 5px; margin-right: 3px; border: 1px solid var(--line); border-radius: 4px; white-space: pre-wrap; }
th.number { text-align: right; }
@media (max-width: 640px) { body { padding: 12px 10px 40px; font-size: 15px; } th, td { padding-right: 8px; } h1 { font-size: 1.35rem; } }
td.number { text-align: right; font-variant-numeric: tabular-nums; }
pre { overflow-x: auto; font-size: 0.8rem; }
footer { margin-top: 3em; color: var(--quiet); }
.attention-view { margin: 1em 0; padding: 12px; border: 1px solid var(--line); border-radius: 8px; background: var(--card); }
.attention-view label { margin-right: 14px; }
.attention-view select { font: inherit; }
.attention-view .tokens { display: flex; flex-wrap: wrap; gap: 3px; margin: 12px 0; }
.attention-view .tokens button { font: 13px/1.4 system-ui, sans-serif; padding: 2px 6px; border: 1px solid #c4c4c4; border-radius: 4px; color: #1a1a1a; background: #ffffff; cursor: pointer; }
.attention-view .tokens button[aria-pressed="true"] { outline: 2px solid #c2410c; }
.attention-view .reading { min-height: 1.5em; color: var(--quiet); }
.attention-view svg { display: block; background: #ffffff; border-radius: 4px; max-width: 100%; height: auto; }
`.trim();
