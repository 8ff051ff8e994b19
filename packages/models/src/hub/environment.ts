/** What the environment says about the hub, in the variables and files of the Python client. */
import { existsSync, readFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";

type Environment = NodeJS.ProcessEnv;

/** `HF_HOME`, else below `XDG_CACHE_HOME`, else ~/.cache/huggingface. */
function hubHome({ HF_HOME, XDG_CACHE_HOME }: Environment): string {
  return HF_HOME || join(XDG_CACHE_HOME || join(homedir(), ".cache"), "huggingface");
}

/** `HF_HUB_CACHE`, else `HF_HOME`/hub, else `XDG_CACHE_HOME`/huggingface/hub, else ~/.cache/huggingface/hub. */
export function hubCacheFolder(environment: Environment = process.env): string {
  return environment.HF_HUB_CACHE || join(hubHome(environment), "hub");
}

/** `HF_TOKEN`, else what `hf auth login` left in `HF_TOKEN_PATH` or `HF_HOME`/token. */
export function hubToken(environment: Environment = process.env): string | undefined {
  if (environment.HF_TOKEN) return environment.HF_TOKEN;
  const file = environment.HF_TOKEN_PATH || join(hubHome(environment), "token");
  const stored = existsSync(file) ? readFileSync(file, "utf8").trim() : "";
  return stored || undefined;
}

/** Whether `HF_HUB_OFFLINE` forbids every request. */
export function hubIsOffline(environment: Environment = process.env): boolean {
  return ["1", "on", "yes", "true"].includes((environment.HF_HUB_OFFLINE ?? "").toLowerCase());
}

/** Milliseconds that the hub may be silent: `HF_HUB_DOWNLOAD_TIMEOUT` in seconds, else ten of them. */
export function hubSilence(environment: Environment = process.env): number {
  const seconds = Number(environment.HF_HUB_DOWNLOAD_TIMEOUT || 10);
  return 1000 * (seconds > 0 && seconds < 2 ** 21 ? seconds : 10);
}
