/** Tokens, the answer and quick pictures go with the desk, a moment after the last key. */
import { effect } from "@preact/signals";
import { type Desk, inputOf, isBlank } from "./document.js";
import type { Explorer } from "./explorer.js";
import { firstTool, generateTool } from "./tools.js";

/** Runs as quick as this follow what is typed. */
const liveLimit = 1000;
/** After the last key. */
const pause = 60;

/** Follows the desk of a page. */
export class Following {
  private timer: ReturnType<typeof setTimeout> | undefined;
  private isSkipped = false;

  constructor(private readonly explorer: Explorer) {}

  start(): void {
    effect(() => {
      const desk = this.explorer.desk.value;
      clearTimeout(this.timer);
      this.timer = setTimeout(() => this.follow(desk), pause);
    });
  }

  /** Draws no picture for the next desk, since one of it is shown already. */
  skipPicture(isSkipped = true): void {
    this.isSkipped = isSkipped;
  }

  private async follow(desk: Desk): Promise<void> {
    const { explorer } = this;
    const isBusy = explorer.going.value?.isQuiet === false; // what was asked for is not given up for what was not
    const mayRun =
      explorer.live.value && !isBusy && !this.isSkipped && this.isQuick() && !isBlank(desk.prompt);
    this.isSkipped = false;
    const picture = mayRun && desk.model !== "" ? explorer.run(true) : undefined;
    await this.readTokens(desk);
    if (desk !== explorer.desk.value) return; // a newer desk has been followed in the meantime
    await Promise.all([picture, explorer.answers.refresh(desk)]);
    if (desk !== explorer.desk.value) return;
    const { generation } = explorer;
    if (explorer.tool.value === generateTool && generation.plain.value && explorer.live.value) {
      await generation.start(desk, ["changed"]);
    }
  }

  /** Whether the open method was quick, in its best moment, or is the one that a sitting begins with. */
  private isQuick(): boolean {
    const { history, tool, methods } = this.explorer;
    const times = history.value.lines.flatMap(({ run }) =>
      run?.method === tool.value ? [run.milliseconds] : [],
    );
    if (times.length > 0) return Math.min(...times) < liveLimit;
    return tool.value === firstTool(methods.value);
  }

  private async readTokens({ model, prompt }: Desk): Promise<void> {
    const { explorer } = this;
    if (model === "" || isBlank(prompt)) {
      explorer.tokens.value = [];
      return;
    }
    try {
      const tokens = await explorer.reader.tokens(model, inputOf(prompt));
      if (explorer.desk.value.prompt === prompt) explorer.tokens.value = tokens;
    } catch (error) {
      explorer.problem.value = (error as Error).message;
    }
  }
}
