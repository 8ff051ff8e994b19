/** Who has the device when many ask. */
import { describe, expect, it } from "vitest";
import { createServer } from "../index.js";
import { refusal, send } from "../testing/request.js";
import { silent, toy, toyRuns } from "../testing/toy.js";
import { FairQueue } from "./fair-queue.js";

const { signal } = new AbortController();
const bounds = { waiting: 200, waitingPerClient: 100, begun: 2 };

describe("the queue", () => {
  it("gives turns to callers one after the other, whatever each has waiting", async () => {
    const queue = new FairQueue(bounds);
    const served: string[] = [];
    const ask = (client: string) =>
      queue.run({ client, signal }, async () => {
        served.push(client);
        await Promise.resolve();
      });
    const greedy = Array.from({ length: 6 }, () => ask("greedy"));
    await Promise.all([...greedy, ask("b"), ask("c"), ask("b")]);
    expect(served.join(" ")).toBe("greedy greedy b c greedy b greedy greedy greedy");
    expect(queue.length).toBe(0);
  });

  it("lets go of who leaves, and refuses who comes when it is full", async () => {
    const queue = new FairQueue({ ...bounds, waiting: 3, waitingPerClient: 2 });
    let free: () => void = () => undefined;
    const busy = queue.run({ client: "a", signal }, () => new Promise<void>((go) => { free = go; })); // biome-ignore format: one line
    const leaving = new AbortController();
    const left = queue.run({ client: "a", signal: leaving.signal }, async () => "never");
    const waiting = queue.run({ client: "a", signal }, async () => "served");
    await expect(queue.run({ client: "a", signal }, async () => 0)).rejects.toThrow("2 requests of yours"); // biome-ignore format: one line
    const other = queue.run({ client: "b", signal }, async () => "served");
    await expect(queue.run({ client: "c", signal }, async () => 0)).rejects.toMatchObject({ code: "BUSY" }); // biome-ignore format: one line
    leaving.abort(new Error("gone"));
    await expect(left).rejects.toThrow("gone");
    free();
    expect([await busy, await waiting, await other]).toEqual([undefined, "served", "served"]);
  });

  it("lends the device to others and comes back, with no more begun than are allowed", async () => {
    const queue = new FairQueue(bounds);
    const served: string[] = [];
    let [inside, most] = [0, 0];
    const ask = (client: string, steps: number) =>
      queue.run({ client, signal }, async (held) => {
        for (let step = 0; step < steps; step++) {
          most = Math.max(most, ++inside);
          served.push(client);
          await new Promise((go) => setImmediate(go));
          inside--;
          if (held.isWanted()) await held.lend();
        }
      });
    await Promise.all([ask("a", 4), ask("a", 1), ask("b", 4), ask("c", 1)]);
    expect(served.join("")).toBe("ababababca"); // c, and the second of a, begin when one has ended
    expect(most).toBe(1);
    expect(queue.length).toBe(0);
  });

  it("takes the device back from work that ended, or was given up, while it had lent it", async () => {
    const queue = new FairQueue(bounds);
    const gone = new AbortController();
    const lent = queue.run({ client: "a", signal: gone.signal }, (held) => held.lend());
    const other = queue.run({ client: "b", signal }, async () => {
      gone.abort(new Error("gone"));
      await expect(lent).rejects.toThrow("gone");
      return "served";
    });
    expect(await other).toBe("served");
    let back: Promise<void> | undefined;
    const failed = queue.run({ client: "a", signal }, async (held) => {
      back = held.lend();
      throw new Error("elsewhere");
    });
    const next = [1, 2].map((one) => queue.run({ client: "b", signal }, async () => one));
    await expect(failed).rejects.toThrow("elsewhere");
    await back;
    expect(await Promise.all(next)).toEqual([1, 2]);
    expect(await queue.run({ client: "c", signal }, async () => "free")).toBe("free");
  });

  it("refuses everybody once it is closed", async () => {
    const queue = new FairQueue(bounds);
    let free: () => void = () => undefined;
    const busy = queue.run({ client: "a", signal }, () => new Promise<void>((go) => { free = go; })); // biome-ignore format: one line
    const waiting = queue.run({ client: "a", signal }, async () => 0);
    queue.close();
    await expect(waiting).rejects.toMatchObject({ code: "BUSY" });
    await expect(queue.run({ client: "a", signal }, async () => 0)).rejects.toMatchObject({ code: "BUSY" }); // biome-ignore format: one line
    free();
    await busy;
  });
});

describe("fifty callers at once", () => {
  it("are served one by one, none twice before all once", async () => {
    const server = createServer({ methods: [toy], limits: { waiting: 150 } });
    await send(server, "/api/models");
    toyRuns.order = [];
    const callers = Array.from({ length: 50 }, (_, at) => `caller ${at}`);
    const ask = (caller: string) =>
      send(
        server,
        "/api/models/tiny/methods/toy",
        { input: caller, options: { turns: 1 } },
        {
          headers: { "x-mlxterp-client": caller },
        },
      );
    const answers = await Promise.all([...callers, ...callers].map(ask));
    expect(answers.map(({ status }) => status)).toEqual(callers.flatMap(() => [200, 200]));
    expect(toyRuns.most).toBe(1);
    expect(new Set(toyRuns.order.slice(0, 50)).size).toBe(50);
  });

  it("need not wait for the end of a method that never asks whether others wait", async () => {
    const server = createServer({ methods: [silent], limits: { count: 50_000 } });
    await send(server, "/api/models");
    toyRuns.order = [];
    const ask = (input: string, passes: number, caller: string) =>
      send(
        server,
        "/api/models/tiny/methods/silent",
        { input, options: { passes } },
        { headers: { "x-mlxterp-client": caller } },
      );
    const long = ask("Mary", 600, "a");
    const answers = await Promise.all([long, ask("John", 1, "b")]);
    expect(answers.map(({ status }) => status)).toEqual([200, 200]);
    expect(toyRuns.order).toEqual(["Mary", "John", "John has ended", "Mary has ended"]);
  });

  it("are refused where there is no room, with a word of when to come", async () => {
    const server = createServer({ methods: [toy], limits: { waitingPerClient: 1 } });
    const ask = () =>
      send(server, "/api/models/tiny/methods/toy", { input: "a", options: { turns: 5 } });
    await send(server, "/api/models");
    const answers = await Promise.all([ask(), ask(), ask()]);
    const refused = answers.filter(({ status }) => status !== 200);
    expect(refused).toHaveLength(1);
    expect(refused[0].headers.get("retry-after")).toBe("1");
    expect(await refusal(refused[0])).toEqual([503, "BUSY"]);
  });
});
