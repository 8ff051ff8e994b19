/** The head of a classifier: of a text or of each token, one score for each label. */
import { type Axes, type SiteNotes, Tap } from "@mlxterp/core";
import { type Linear, type MxArray, mx, nn } from "@mlxterp/mlx";
import { activations } from "../decoder/mlp/activations.js";
import { Norm } from "../decoder/norm/norm.js";
import type { ClassifierConfig } from "./config.js";
import { pool, poolBeforePads, type Rows } from "./pooling.js";

/** `classifier(norm(activation(dense(pooled))))`, of which only the classifier is always there. */
export class ClassifierHead extends nn.Module {
  readonly ofTokens: boolean;
  readonly padToken: number | undefined;
  readonly pooling: ClassifierConfig["pooling"];
  readonly activation: ((x: MxArray) => MxArray) | undefined;
  /** What is classified; absent in classifiers of tokens. */
  readonly pooled: Tap<readonly ["batch", "hidden"]> | undefined;
  readonly dense: Linear | undefined;
  readonly norm: Norm | undefined;
  readonly classifier: Linear;

  constructor(hidden: number, config: ClassifierConfig) {
    super();
    const { kind, transform, labels, bias } = config;
    this.ofTokens = kind === "token";
    this.padToken = config.padToken;
    this.pooling = config.pooling;
    if (kind === "sequence") {
      this.pooled = new Tap(["batch", "hidden"], { holds: "What of the text is classified." });
    }
    if (transform) {
      this.activation =
        transform.activation === "tanh" ? mx.tanh : activations[transform.activation];
      this.dense = new nn.Linear(hidden, hidden, transform.bias);
      if (transform.norm) this.norm = new Norm(hidden, transform.norm, { pooled: !this.ofTokens });
    }
    this.classifier = new nn.Linear(hidden, labels.length, bias);
  }

  get outputAxes(): Axes {
    return this.ofTokens ? ["batch", "position", "labels"] : ["batch", "labels"];
  }

  get siteNotes(): SiteNotes {
    const { outputAxes } = this;
    const read = [...outputAxes.slice(0, -1), "hidden"] as Axes;
    return {
      output: { holds: "A score for each label." },
      dense: { holds: "The first layer of the head, before its nonlinearity.", axes: read },
      classifier: { holds: "A score for each label.", axes: outputAxes },
    };
  }

  /**
   * @param states (batch, position, hidden)
   * @returns (batch, labels), or of tokens (batch, position, labels)
   */
  override forward(states: MxArray, rows: Rows): MxArray {
    const { dense, activation, norm, pooled } = this;
    const read = pooled ? pooled.forward(this.pool(states, rows)) : states;
    const transformed = dense && activation ? activation(dense.forward(read)) : read;
    return this.classifier.forward(norm ? norm.forward(transformed) : transformed);
  }

  private pool(states: MxArray, rows: Rows): MxArray {
    const { pooling = "cls", padToken } = this;
    if (pooling !== "last" || padToken === undefined) return pool(states, rows, pooling);
    return poolBeforePads(states, rows, padToken);
  }
}
