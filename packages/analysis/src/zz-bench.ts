import { evaluate, mx } from "@mlxterp/mlx";
import { loadModel } from "@mlxterp/models";
import { activationPatching, logitLens } from "./index.js";

const model = await loadModel("/work/shared/data/models/stories15M");
const clean = "Tom and Sue went to the park. Sue gave a ball to",
  corrupted = "Sue and Tom went to the park. Tom gave a ball to";
const long =
  " Once there was a little boy and a girl who liked to play with a ball in the park near the house every day.";
const C = `Tom and Sue were friends.${long}${long} ${clean}`,
  D = `Sue and Tom were friends.${long}${long} ${corrupted}`;
const med = async (f: () => Promise<unknown>, n = 5) => {
  await f();
  const ts = [];
  for (let i = 0; i < n; i++) {
    const t = performance.now();
    await f();
    ts.push(performance.now() - t);
  }
  return ts.sort((a, b) => a - b)[n >> 1];
};
for (const [a, b] of [
  [clean, corrupted],
  [C, D],
]) {
  const P = model.tokens(a).lengths[0];
  const fwd = await med(async () => {
    await evaluate([model.forward(a)]);
  }, 9);
  const lens = await med(() => logitLens(model, a));
  console.log(P, "tokens; forward", fwd.toFixed(1), "lens/forward", (lens / fwd).toFixed(2));
  for (const sites of ["residual", "attention", "mlp", "head"] as const)
    for (const maxRows of [undefined, 32]) {
      let n = 0;
      const t = await med(
        () =>
          activationPatching(model, {
            clean: a,
            corrupted: b,
            answer: " Tom",
            wrongAnswer: " Sue",
            sites,
            maxRows,
            onProgress: (p) => {
              n = p.total;
            },
          }),
        3,
      );
      console.log(
        sites,
        maxRows,
        n,
        "patches =",
        (t / fwd).toFixed(1),
        "forwards;  per patch",
        (t / fwd / n).toFixed(3),
        "rss",
        (process.memoryUsage().rss / 2 ** 20).toFixed(0),
      );
    }
}
