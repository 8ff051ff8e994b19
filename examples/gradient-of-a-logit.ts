/** Which token matters? The gradient of a logit at every position of the residual stream. */
import { loadModel, type MxArray, mx } from "mlxterp";

const model = await loadModel("tiny");
const prompt = "the capital of France is";
const [paris] = model.tokenizer?.encode(" Paris") ?? [];
const logit = (logits: MxArray) => logits.index(0, -1, paris);
const { gradients } = await model.gradients(prompt, logit, { save: "layers.0.input" });

const gradient = gradients.get("layers.0.input"); // (batch, position, hidden)
const sizes = mx.sqrt(mx.sum(mx.square(gradient), -1)).tolist() as number[][];
const tokens = model.tokens(prompt).ids[0].map((id) => model.tokenizer?.decode([id]).trim());
const ordered = sizes[0].map((size, at) => ({ size, token: tokens[at] }));
ordered.sort((a, b) => b.size - a.size);
console.log(`tokens by gradient: ${ordered.map(({ token }) => token).join(", ")}`);
