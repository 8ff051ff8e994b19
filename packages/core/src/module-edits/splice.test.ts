/** Dictionaries and transcoders spliced in with their error. */
import { type Linear, type MxArray, mx, nn } from "@mlxterp/mlx";
import { describe, expect, it } from "vitest";
import { CausalModel } from "../../test/support/causal-model.js";
import { expectClose, expectSame, expectUntouched } from "../../test/support/compare.js";
import { anySite, Dictionary } from "../../test/support/dictionary.js";
import { numbers, Stack } from "../../test/support/networks.js";
import { InterventionShapeError, InvalidEditError } from "../errors.js";
import { InterpretableModel } from "../model/model.js";
import type { Interventions } from "../pass/intervention.js";
import { replaceModule } from "./replace-module.js";
import { splice } from "./splice.js";

mx.random.seed(11); // of the weights: feature 5 must be active somewhere
const x = mx.multiply(mx.subtract(numbers(2, 3, 4), 0.5), 3);
const network = new Stack();
const model = new InterpretableModel(network);
const dictionary = new Dictionary(4);
const site = "layers.1";
const spliced = model.edit({ [site]: splice(dictionary) });
const [first, second, last] = network.layers;
const input = first.forward(x);
const y = second.forward(input);
const rest = (value: MxArray) => network.head.forward(last.forward(value));
const features = (value: MxArray) => nn.relu(dictionary.encoder.forward(value));
const at = (name: string) => anySite(`${site}.${name}`);
const without = (feature: number) => (f: MxArray) =>
  mx.multiply(f, mx.array(Array.from({ length: 12 }, (_, index) => (index === feature ? 0 : 1))));
const output = (interventions: Interventions, view = spliced) => {
  using trace = view.trace(x, { interventions });
  return trace.output.save();
};

describe("an untouched splice", () => {
  it("changes nothing, bit for bit, under identities too", () => {
    expectSame(spliced.forward(x), model.forward(x));
    const same = (value: MxArray) => mx.multiply(value, 1);
    for (const name of ["inserted.features", "inserted", "inserted.input", "original", "error"]) {
      expectSame(output({ [at(name)]: same }), model.forward(x));
    }
    expectSame(output({ [at("**")]: same }), model.forward(x));
  });

  it("adds three sites, and keeps those that were there", () => {
    expect(spliced.sites("layers.1.**").map(({ site }) => site)).toEqual([
      "layers.1",
      "layers.1.up",
      "layers.1.down",
      "layers.1.original",
      "layers.1.inserted",
      "layers.1.inserted.encoder",
      "layers.1.inserted.decoder",
      "layers.1.inserted.features",
      "layers.1.error",
    ]);
    using trace = spliced.trace(x);
    expectSame(trace.layers[1].value, y);
    expectSame(trace.layers[1].up.value, second.up.forward(input));
    expectSame(trace.value(at("original")), y);
    expectSame(trace.value(at("inserted")), dictionary.forward(y));
    expectSame(trace.value(at("inserted.features")), features(y));
    expectSame(trace.value(at("error")), mx.subtract(y, dictionary.forward(y)));
    expect((trace.layers[1] as unknown as { error: { shape: number[] } }).error.shape).toEqual([
      2, 3, 4,
    ]);
  });

  it("writes to no module, nor leaves anything behind", async () => {
    const both = [network, dictionary];
    const fail = (): MxArray => {
      throw new Error("stop here");
    };
    await expectUntouched(both, () => {
      spliced.trace(x).dispose();
      expect(() => output({ [at("inserted.features")]: fail })).toThrow("stop here");
    });
    expectSame(spliced.forward(x), model.forward(x));
  });
});

describe("a changed splice", () => {
  it("gives an ablated feature its exact effect", () => {
    const all = features(y);
    const effect = mx.subtract(dictionary.decode(without(5)(all)), dictionary.decode(all));
    const expected = rest(mx.add(y, effect));
    expectClose(output({ [at("inserted.features")]: without(5) }), expected, 1e-6);
    expect(mx.allclose(expected, model.forward(x)).item()).toBe(false);
    const edited = spliced.edit({ [at("inserted.features")]: without(5) });
    expectClose(edited.forward(x), expected, 1e-6);
  });

  it("is the reconstruction where the error is ablated, or left away", () => {
    const expected = rest(dictionary.forward(y));
    expectClose(output({ [at("error")]: (e) => mx.zerosLike(e) }), expected, 1e-6);
    const bare = model.edit({ [site]: splice(dictionary, { error: false }) });
    expectSame(bare.forward(x), expected);
    expect(() => bare.sites(at("error"))).toThrow(/matches no site/);
  });

  it("takes a changed output of the module from there on", () => {
    const doubled = rest(mx.multiply(y, 2));
    expectSame(output({ [at("original")]: (value) => mx.multiply(value, 2) }), doubled);
    expectSame(output({ [site]: (value) => mx.multiply(value, 2) }), doubled);
  });

  it("predicts from the input as well", () => {
    const transcoder = model.edit({ [site]: splice(dictionary, { from: "input" }) });
    expectSame(transcoder.forward(x), model.forward(x));
    const clean = dictionary.forward(input);
    const ablated = dictionary.decode(without(2)(features(input)));
    const expected = rest(mx.add(y, mx.subtract(ablated, clean)));
    const interventions = { [at("inserted.features")]: without(2) };
    expectClose(output(interventions, transcoder), expected, 1e-6);
    using trace = transcoder.trace(x);
    expectSame(trace.value(at("error")), mx.subtract(y, clean));
  });

  it("keeps several views apart", () => {
    const other = new Dictionary(4, 6);
    const view = model.edit({ [site]: splice(other) });
    using one = spliced.trace(x);
    using two = view.trace(x);
    expectSame(one.value(at("inserted")), dictionary.forward(y));
    expectSame(two.value(at("inserted")), other.forward(y));
  });

  it("holds in several layers, and in what was inserted", () => {
    const everywhere = model.edit({ "layers.*": splice(dictionary) });
    expectSame(everywhere.forward(x), model.forward(x));
    const inner = new Dictionary(12, 5);
    const nested = everywhere.edit({ [at("inserted.features")]: splice(inner) });
    expectSame(nested.forward(x), model.forward(x));
    const ablate = (f: MxArray) => mx.zerosLike(f);
    const through = output({ [at("inserted.features.inserted.features")]: ablate }, nested);
    const all = features(y);
    const effect = mx.subtract(inner.decode(mx.zeros([2, 3, 5])), inner.forward(all));
    const changed = dictionary.decode(mx.add(all, effect));
    expectClose(through, rest(mx.add(y, mx.subtract(changed, dictionary.forward(y)))), 1e-5);
  });
});

describe("a splice at other places", () => {
  const language = new InterpretableModel(new CausalModel());
  const ids = [[1, 2, 3, 4]];

  it.each(["layers.0.residMid", "layers.1.selfAttn.result", "embedTokens"])(
    "works at %s",
    (place) => {
      const view = language.edit({ [place]: splice(new Dictionary(8)) });
      expectSame(view.forward(ids), language.forward(ids));
      const ablated = view.edit({ [`${place}.error`]: (e: MxArray) => mx.zerosLike(e) });
      expect(mx.allclose(ablated.forward(ids), view.forward(ids)).item()).toBe(false);
      expect(view.sites(anySite(`${place}.error`))[0].axes).toEqual(
        view.sites(anySite(place))[0].axes,
      );
    },
  );

  it("works in a module with private members, and in each call of one called twice", () => {
    class Hidden extends nn.Module {
      inner: Linear = new nn.Linear(4, 4);
      #calls = 2;
      override forward(value: MxArray): MxArray {
        let now = value;
        for (let call = 0; call < this.#calls; call++) now = this.inner.forward(now);
        return now;
      }
    }
    const hidden = new Hidden();
    const wrapped = new InterpretableModel(hidden);
    const view = wrapped.edit({ inner: splice(dictionary) });
    expectSame(view.forward(x), hidden.forward(x));
    const zero = (value: MxArray) => mx.zerosLike(value);
    using trace = view.trace(x, { interventions: { [anySite("inner.error#1")]: zero } });
    const once = hidden.inner.forward(x);
    const twice = dictionary.forward(hidden.inner.forward(once));
    expectSame(trace.inner.call(0).value, once);
    expectClose(trace.output.value, twice, 1e-6);
    expectSame(trace.value(anySite("inner.inserted#1")), twice);
  });

  it("changes the array inside a tuple", () => {
    class Pair extends nn.Module {
      override forward(value: MxArray): [MxArray, string] {
        return [mx.add(value, 1), "kept"];
      }
    }
    class Taking extends nn.Module {
      pair = new Pair();
      override forward(value: MxArray): MxArray {
        const [array, text] = this.pair.forward(value);
        return text === "kept" ? array : value;
      }
    }
    const taking = new InterpretableModel(new Taking());
    const view = taking.edit({ pair: splice(dictionary, { error: false }) });
    expectSame(view.forward(x), dictionary.forward(mx.add(x, 1)));
  });

  it("stays when the module there is replaced", () => {
    const view = spliced.edit({ [site]: replaceModule(first) });
    using trace = view.trace(x);
    expectSame(trace.value(at("original")), first.forward(input));
    expectSame(trace.value(at("inserted")), dictionary.forward(first.forward(input)));
    const other = new Dictionary(4);
    const exchanged = spliced.edit({ [at("inserted")]: replaceModule(other) });
    using second = exchanged.trace(x);
    expectSame(second.value(at("inserted")), other.forward(y));
    expectSame(second.output.value, model.forward(x));
  });

  it("is refused twice at one place, over a child of its name, and with another shape", () => {
    expect(() => spliced.edit({ [site]: splice(dictionary) })).toThrow(/spliced in there already/);
    class Named extends nn.Module {
      error: Linear = new nn.Linear(4, 4);
      override forward(value: MxArray): MxArray {
        return this.error.forward(value);
      }
    }
    const renamed = model.edit({ [site]: replaceModule(new Named()) });
    expect(() => renamed.edit({ [site]: splice(dictionary) })).toThrow(InvalidEditError);
    const exchange = () => spliced.edit({ [site]: replaceModule(new Named()) });
    expect(exchange).toThrow(/has a child "error"/);
    const wrong = model.edit({ [site]: splice(new nn.Linear(4, 5)) });
    expect(() => wrong.forward(x)).toThrow(InterventionShapeError);
    expect(() => wrong.forward(x)).toThrow(/layers.1.inserted/);
  });
});

describe("gradients through a splice", () => {
  const touched = { [at("inserted.features")]: (f: MxArray) => mx.add(f, 0) };
  const gradient = (view: typeof model, interventions: Interventions = {}) =>
    mx.grad((value: MxArray) => {
      using trace = view.trace(value, { interventions });
      return mx.sum(mx.square(trace.output.value));
    })(x) as MxArray;

  it("are those of the model before the splice", () => {
    expectSame(gradient(spliced), gradient(model));
    expectClose(gradient(spliced, touched), gradient(model), 1e-5);
  });

  it("go through the features alone where that is asked for", () => {
    const stopped = model.edit({ [site]: splice(dictionary, { stopGradient: true }) });
    const frozen = (value: MxArray) => {
      const before = second.forward(first.forward(value));
      const clean = dictionary.forward(before);
      const error = mx.stopGradient(mx.subtract(before, clean));
      return mx.sum(mx.square(rest(mx.add(clean, error))));
    };
    const expected = mx.grad(frozen)(x) as MxArray;
    expectSame(stopped.forward(x), model.forward(x));
    expectClose(gradient(stopped), expected, 1e-5);
    expectClose(gradient(stopped, touched), expected, 1e-5);
    expect(mx.allclose(expected, gradient(model)).item()).toBe(false);
  });

  it("are read at the features, the error and what lies before", async () => {
    const metric = (value: MxArray) => mx.sum(mx.square(value));
    const names = ["inserted.features", "inserted", "error", "original"].map(at);
    const sites = [site, "layers.0", ...names];
    const { gradients } = await spliced.gradients(x, metric, { save: sites });
    const plain = await model.gradients(x, metric, { save: [site, "layers.0"] });
    const own = plain.gradients.get(site);
    expectClose(gradients.get("layers.0"), plain.gradients.get("layers.0"), 1e-5);
    for (const name of [site, at("inserted"), at("error"), at("original")]) {
      expectClose(gradients.get(name), own, 1e-5);
    }
    const decoded = mx.matmul(own, dictionary.decoder.weight);
    expectClose(gradients.get(at("inserted.features")), decoded, 1e-5);
  });

  it("reach features through the decoder", () => {
    const along = (delta: MxArray) => {
      const interventions = { [at("inserted.features")]: (f: MxArray) => mx.add(f, delta) };
      using trace = spliced.trace(x, { interventions });
      return mx.sum(mx.square(trace.output.value));
    };
    const direct = (delta: MxArray) =>
      mx.sum(mx.square(rest(mx.add(y, mx.matmul(delta, dictionary.decoder.weight.T)))));
    const none = mx.zeros([2, 3, 12]);
    expectClose(mx.grad(along)(none) as MxArray, mx.grad(direct)(none) as MxArray, 1e-5);
  });
});
