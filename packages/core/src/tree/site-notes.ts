/** What modules say of their sites: a sentence about what is there, and what other libraries call it. */
import type { Module } from "@mlxterp/mlx";
import type { Axes } from "../axes.js";
import { Tap } from "./tap.js";

/** What is known of one site, or of the module that it is the output of. */
export interface SiteNote {
  /** One sentence. */
  readonly holds?: string;
  /** Its axes, where its module does not say them (`outputAxes`). */
  readonly axes?: Axes;
  /** Its name in TransformerLens, after the names of the modules around it: `hook_resid_pre`. */
  readonly hook?: string | readonly string[];
  /** What TransformerLens calls the module, before the names of the sites in it: `attn`; `blocks.*` for a list. */
  readonly inside?: string;
}

/**
 * By the way from the module that says it: `input` and `output` are its own, `inputNorm` is a child's output, `inputNorm.input`
 * a child's input, `layers.*` every member of a list. Modules say it in a getter `siteNotes`, taps when they are made.
 */
export type SiteNotes = Readonly<Record<string, SiteNote>>;

/** What a module says of sites in it. */
export function notesOf(module: Module): [place: string, note: SiteNote][] {
  return Object.entries((module as { siteNotes?: SiteNotes }).siteNotes ?? {});
}

/** The TransformerLens names of a note or a tap. */
export function hooksOf(noted: SiteNote | Tap): readonly string[] {
  if (noted instanceof Tap) return noted.hooks;
  return noted.hook === undefined ? [] : [noted.hook].flat();
}
