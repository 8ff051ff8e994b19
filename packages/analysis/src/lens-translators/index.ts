/** What lenses with translators share: the maps, and their files. */
export { loadLens, type SaveLensOptions, saveLens } from "./lens-files.js";
export { type LensKind, type LensParts, LensTranslators } from "./lens-translators.js";
