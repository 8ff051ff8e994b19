/** The stylesheet of the components: every name begins with `mi-`, every colour is a variable. */
import { cssVariables } from "../design/theme.js";

/** For a page's `<style>`; a page sets `--mi-accent` and others on `.mi-root` to change them. */
export const interactiveStyles = `
.mi-root { ${cssVariables("light")} font: var(--mi-size-text)/1.5 var(--mi-font); color: var(--mi-ink); text-align: start; }
.mi-root[data-theme="dark"] { ${cssVariables("dark")} }
.mi-root *, .mi-root *::before { box-sizing: border-box; }
.mi-root h3, .mi-root h4, .mi-root h5, .mi-root h6 { font-size: var(--mi-size-lead); font-weight: 650; margin: var(--mi-space-wide) 0 var(--mi-space-medium); letter-spacing: -0.005em; }
.mi-root :focus-visible { outline: 2px solid var(--mi-accent); outline-offset: 2px; border-radius: 4px; }
.mi-figure { margin: var(--mi-space-large) 0; padding: var(--mi-space-large); background: var(--mi-card); border: 1px solid var(--mi-line); border-radius: 10px; position: relative; }
.mi-head { display: flex; flex-wrap: wrap; gap: var(--mi-space-medium) var(--mi-space-wide); justify-content: space-between; align-items: flex-start; margin-bottom: var(--mi-space-medium); }
.mi-title { font-size: var(--mi-size-lead); font-weight: 650; letter-spacing: -0.005em; }
.mi-subtitle, .mi-quiet, .mi-text.mi-quiet { color: var(--mi-quiet); }
.mi-subtitle { font-size: var(--mi-size-small); max-width: 78ch; }
.mi-text { max-width: 72ch; white-space: pre-line; margin: var(--mi-space-medium) 0; }
.mi-strong { font-weight: 650; }
.mi-good { color: var(--mi-good); }
.mi-bad { color: var(--mi-bad); }
.mi-legend { font-size: var(--mi-size-tiny); color: var(--mi-quiet); width: 190px; }
.mi-ramp { height: 8px; border-radius: 4px; margin: 3px 0 2px; }
.mi-ticks { display: flex; justify-content: space-between; font-variant-numeric: tabular-nums; }
.mi-keys { display: flex; flex-wrap: wrap; gap: 2px 14px; font-size: var(--mi-size-small); max-width: 60%; }
.mi-keys span { display: inline-flex; gap: 6px; align-items: center; }
.mi-reading { display: block; min-height: 1.5em; margin-top: var(--mi-space-medium); font-size: var(--mi-size-small); color: var(--mi-quiet); font-variant-numeric: tabular-nums; overflow-wrap: anywhere; }
.mi-stage { position: relative; outline-offset: 2px; }
.mi-stage > svg { display: block; overflow: visible; }
.mi-scroller { overflow: auto; outline-offset: 2px; cursor: crosshair; }
.mi-sticky { position: sticky; left: 0; top: 0; display: block; }
.mi-tip { position: absolute; z-index: 5; pointer-events: none; min-width: 120px; max-width: 340px; padding: 8px 10px; border-radius: 8px; background: var(--mi-card); color: var(--mi-ink); border: 1px solid var(--mi-line); box-shadow: 0 6px 24px rgb(0 0 0 / 0.18); font-size: var(--mi-size-small); line-height: 1.45; font-variant-numeric: tabular-nums; }
.mi-tip > div:first-child { font-weight: 650; }
.mi-tip-bar { display: grid; grid-template-columns: minmax(64px, auto) 80px 52px; gap: 8px; align-items: center; font-family: var(--mi-font-token); font-size: var(--mi-size-tiny); }
.mi-tip-bar i { height: 8px; border-radius: 3px; background: var(--mi-accent); }
.mi-tip-bar span { text-align: right; }
.mi-controls { display: flex; flex-wrap: wrap; gap: var(--mi-space-medium); align-items: center; margin-bottom: var(--mi-space-medium); }
.mi-control { display: inline-flex; gap: var(--mi-space-medium); align-items: center; font-size: var(--mi-size-small); color: var(--mi-quiet); margin-bottom: var(--mi-space-medium); font-variant-numeric: tabular-nums; }
.mi-controls .mi-control { margin-bottom: 0; }
.mi-control input { accent-color: var(--mi-accent); width: 180px; }
.mi-button { font: inherit; font-size: var(--mi-size-small); color: var(--mi-ink); background: transparent; border: 1px solid var(--mi-line); border-radius: 6px; padding: 3px 10px; cursor: pointer; }
.mi-button:hover:not(:disabled) { border-color: var(--mi-accent); color: var(--mi-accent); }
.mi-button:disabled { color: var(--mi-quiet); cursor: default; opacity: 0.6; }
.mi-token-row { display: flex; flex-wrap: wrap; gap: 3px; max-height: 340px; overflow-y: auto; align-content: flex-start; padding: 3px; }
.mi-token { font: var(--mi-size-small)/1.4 var(--mi-font-token); color: var(--mi-ink); background: transparent; border: 1px solid var(--mi-line); border-radius: 5px; padding: 2px 6px 4px; cursor: pointer; white-space: pre; }
.mi-token.mi-chosen { outline: 2px solid var(--mi-ink); outline-offset: 0; }
.mi-tokens { flex: 1 1 320px; min-width: 0; }
.mi-figure.mi-tokens { padding: var(--mi-space-medium) var(--mi-space-large); }
.mi-columns { display: flex; flex-wrap: wrap; gap: var(--mi-space-large); align-items: flex-start; }
.mi-thumbnails { display: flex; flex-wrap: wrap; gap: 6px; margin-bottom: var(--mi-space-large); }
.mi-thumbnail { font: var(--mi-size-tiny)/1.3 var(--mi-font); color: var(--mi-quiet); background: transparent; border: 1px solid var(--mi-line); border-radius: 6px; padding: 4px; cursor: pointer; text-align: center; }
.mi-thumbnail canvas { display: block; width: 64px; height: 64px; image-rendering: pixelated; border-radius: 3px; margin-bottom: 2px; }
.mi-thumbnail[aria-pressed="true"] { border-color: var(--mi-accent); box-shadow: 0 0 0 1px var(--mi-accent); color: var(--mi-ink); font-weight: 650; }
.mi-matrix { flex: none; max-width: 100%; aspect-ratio: 1; }
.mi-pixels { width: 100%; height: 100%; image-rendering: pixelated; display: block; border-radius: 4px; }
.mi-matrix > div { position: relative; width: 100%; height: 100%; cursor: crosshair; }
.mi-line { position: absolute; left: 0; top: 0; pointer-events: none; box-shadow: 0 0 0 1px var(--mi-counter); }
.mi-prompts { margin-bottom: var(--mi-space-medium); display: grid; gap: 4px; overflow-x: auto; padding: 3px; }
.mi-strip { display: flex; gap: 3px; align-items: baseline; white-space: pre; }
.mi-strip b { font-weight: 600; font-size: var(--mi-size-small); color: var(--mi-quiet); min-width: 76px; }
.mi-piece { font: var(--mi-size-small)/1.4 var(--mi-font-token); padding: 1px 5px; border-radius: 4px; border: 1px solid var(--mi-line); }
.mi-differs { border-color: var(--mi-counter); color: var(--mi-counter); font-weight: 650; }
.mi-fold { margin: var(--mi-space-large) 0; }
.mi-fold summary { cursor: pointer; color: var(--mi-quiet); font-size: var(--mi-size-small); }
.mi-says { font-size: var(--mi-size-small); color: var(--mi-quiet); margin-right: var(--mi-space-medium); }
.mi-chosen { color: var(--mi-ink); font-weight: 650; }
.mi-pointed { outline: 2px solid var(--mi-ink); }
.mi-followed { display: flex; flex-wrap: wrap; gap: var(--mi-space-large); align-items: center; padding: var(--mi-space-medium) var(--mi-space-large); border: 1px solid var(--mi-line); border-left: 3px solid var(--mi-counter); border-radius: 6px; font-size: var(--mi-size-small); }
.mi-followed .mi-button { margin-left: var(--mi-space-medium); }
.mi-graph-stage { height: 520px; border: 1px solid var(--mi-line); border-radius: 6px; overflow: hidden; touch-action: none; cursor: grab; }
.mi-table { overflow-x: auto; margin: var(--mi-space-large) 0; }
.mi-table table { border-collapse: collapse; font-size: var(--mi-size-small); }
.mi-table caption { text-align: left; color: var(--mi-quiet); padding-bottom: 4px; }
.mi-table th, .mi-table td { padding: 5px 16px 5px 0; border-bottom: 1px solid var(--mi-line); text-align: left; white-space: pre-wrap; font-variant-numeric: tabular-nums; }
.mi-table th { border-bottom: 1px solid var(--mi-quiet); font-weight: 600; }
.mi-table th button { font: inherit; color: inherit; background: none; border: 0; padding: 0; cursor: pointer; }
.mi-table th i { display: inline-block; width: 1em; font-style: normal; color: var(--mi-accent); }
.mi-table .mi-number { text-align: right; }
.mi-table .mi-short { white-space: pre; }
.mi-table tbody tr:hover { background: color-mix(in srgb, var(--mi-accent) 7%, transparent); }
.mi-cards { display: grid; grid-template-columns: repeat(auto-fit, minmax(300px, 1fr)); gap: var(--mi-space-large); align-items: start; }
.mi-cards .mi-figure { margin: 0; }
.mi-known { margin: 0; padding: var(--mi-space-large); border: 1px solid var(--mi-line); border-radius: 10px; background: var(--mi-card); font-size: var(--mi-size-small); }
.mi-known div { display: grid; grid-template-columns: 110px 1fr; gap: var(--mi-space-medium); padding: 2px 0; }
.mi-known dt { color: var(--mi-quiet); }
.mi-known dd { margin: 0; overflow-wrap: anywhere; }
@media (max-width: 640px) { .mi-figure { padding: var(--mi-space-medium); border-radius: 8px; } .mi-keys { max-width: 100%; } }
@media (prefers-reduced-motion: no-preference) { .mi-button, .mi-thumbnail { transition: border-color 120ms, color 120ms; } }
`.trim();
