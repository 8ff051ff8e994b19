/** Debian's Chromium for tests, where there is one. */
import { existsSync } from "node:fs";
import { type Browser, chromium } from "playwright-core";

const executablePath = process.env.MLXTERP_CHROMIUM ?? "/usr/bin/chromium";

export const hasChromium = existsSync(executablePath);

/** No window, no network of its own. */
export function openChromium(): Promise<Browser> {
  const args = ["no-sandbox", "disable-gpu", "disable-quic", "no-first-run", "disable-background-networking", "disable-component-update", "disable-sync"]; // biome-ignore format: one line
  return chromium.launch({ executablePath, args: args.map((name) => `--${name}`) });
}
