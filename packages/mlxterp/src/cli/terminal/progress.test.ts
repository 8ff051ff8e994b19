/** Progress is a bar on a terminal and, in a file, a line now and then. */
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { startProgress } from "./progress.js";

beforeEach(() => void vi.useFakeTimers({ toFake: ["performance"] }));
afterEach(() => void vi.useRealTimers());

function ioOf(stderr: { isTTY?: boolean; columns?: number }) {
  const written: string[] = [];
  const stream = { ...stderr, write: (text: string) => written.push(text) };
  const io = {
    ...{ stdout: stream, stderr: stream, environment: {}, folder: ".", version: "1" },
    signal: new AbortController().signal,
  };
  return { io, written };
}

it("of a download said nothing in a pipe; now there is a line when it takes long", () => {
  const { io, written } = ioOf({});
  const bar = startProgress(io, "loading big\u001b[2J");
  const update = (done: number) =>
    bar.update({ done, total: 2e9, unit: "bytes", part: "model.safetensors" });
  update(1e6);
  expect(written).toEqual([]);
  vi.advanceTimersByTime(6000);
  update(5e8);
  update(6e8);
  vi.advanceTimersByTime(11_000);
  update(1.5e9);
  bar.stop();
  expect(written).toEqual([
    "loading big\\x1b[2J: model.safetensors: 500 MB of 2000 MB\n",
    "loading big\\x1b[2J: model.safetensors: 1500 MB of 2000 MB\n",
  ]);
});

it("on a terminal says at once what is begun, no wider than the screen, and takes it away", () => {
  const { io, written } = ioOf({ isTTY: true, columns: 12 });
  startProgress(io, "loading a\u202e-long-name").stop();
  expect(written).toEqual(["loading a\\u", "\r\u001b[K"]);
});
