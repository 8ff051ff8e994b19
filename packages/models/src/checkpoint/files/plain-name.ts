/** What may be the name of a file of a checkpoint, wherever it comes from. */

/** Names that some systems give to devices, whatever follows a dot. */
const devices = /^(con|prn|aux|nul|com\d|lpt\d)(\.|$)/i;

/** Whether a text is the name of a file in the same folder, on every system. */
export function isPlainName(text: unknown): text is string {
  if (typeof text !== "string" || text.length === 0 || Buffer.byteLength(text) > 200) return false;
  if (!/^[\w][\w.+@=,() -]*$/.test(text) || /[. ]$/.test(text)) return false; // letters, digits, "_" first
  return !devices.test(text);
}
