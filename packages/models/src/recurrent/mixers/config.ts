/** The descriptions of the mixers: what remembers earlier tokens in a state of fixed size. */
import type { NormConfig, PlainActivationName } from "../../decoder/config/config.js";

/** What every mixer with a short convolution says of it. */
interface Convolved {
  /** Tokens that the convolution sees, the present one included. */
  readonly kernel: number;
  readonly convolutionBias: boolean;
  readonly projectionBias: boolean;
}

/** A selective state space, each channel with a state and a step of its own. */
export interface MambaMixerConfig extends Convolved {
  readonly kind: "mamba";
  /** Channels, each with a memory of its own. */
  readonly inner: number;
  /** Numbers a channel remembers. */
  readonly state: number;
  /** The rank of the projection that chooses each channel's step. */
  readonly stepRank: number;
}

/** A selective state space whose heads each have one step: the state decays as a whole. */
export interface Mamba2MixerConfig extends Convolved {
  readonly kind: "mamba2";
  readonly heads: number;
  /** The width of a head. */
  readonly headDim: number;
  /** Numbers that each of a head's channels remembers. */
  readonly state: number;
  /** Heads of one group are written and read in the same directions. */
  readonly groups: number;
  /** Steps are cut off at these. */
  readonly stepLimits?: readonly [number, number];
  /** Of what is read, once for each of the norm's groups; absent where there is none. */
  readonly norm?: NormConfig;
  /** Over how many parts the norm is taken, each by itself. Default: 1. */
  readonly normGroups?: number;
  /** Whether the gate comes behind the norm. Default: false, before it. */
  readonly normBeforeGate?: boolean;
  /** Whether `outProj` adds a learned vector. Default: `projectionBias`. */
  readonly outputBias?: boolean;
  /** Multiplies what is read of the residual stream. Default: 1. */
  readonly inputScale?: number;
  /** Multiply what `inProj` gives: gate, signal, B, C and steps. */
  readonly projectionScales?: readonly [number, number, number, number, number];
  /** Multiplies the output. Default: 1. */
  readonly outputScale?: number;
}

/** Nothing but a short convolution between two gates: its state is the last tokens. */
export interface ShortConvolutionConfig extends Convolved {
  readonly kind: "shortConvolution";
}

/** A memory of values under keys, which forgets and corrects itself. */
export interface GatedDeltaConfig {
  readonly kind: "gatedDelta";
  readonly heads: number;
  /** The width of a head's values. */
  readonly headDim: number;
  /** Heads of one group share queries and keys. */
  readonly groups: number;
  /** The width of queries and keys. */
  readonly state: number;
  /** Tokens that the convolution sees, the present one included. */
  readonly kernel: number;
  /** Of what each head reads. */
  readonly norm: NormConfig;
}

/** A gated linear recurrence, each channel with one number of its own. */
export interface GatedLinearConfig {
  readonly kind: "gatedLinear";
  /** Channels. */
  readonly inner: number;
  /** The gates of channels of one block are computed from these channels alone. */
  readonly blocks: number;
  /** Tokens that the convolution sees, the present one included. */
  readonly kernel: number;
  /** The nonlinearity of the gate behind the states. */
  readonly activation: PlainActivationName;
}

export type MixerConfig =
  | MambaMixerConfig
  | Mamba2MixerConfig
  | ShortConvolutionConfig
  | GatedDeltaConfig
  | GatedLinearConfig;
