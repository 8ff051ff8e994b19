/** Keeps an access token out of messages, in whatever form a hub or a proxy gives it back. */

/** What is shown in its place. */
const mask = "(token)";

/** @returns the text without the token */
export function withoutToken(text: string, token: string | undefined): string {
  if (!token) return text;
  return formsOf(token).reduce((shown, form) => shown.replaceAll(form, mask), text);
}

/** A token as it is, in an address, in JSON, in hexadecimal, and in base64 after 0, 1 or 2 other bytes. */
function formsOf(token: string): string[] {
  const bytes = Buffer.from(token);
  const inBase64 = [0, 1, 2].flatMap((shift) => {
    const text = Buffer.concat([Buffer.alloc(shift), bytes]).toString("base64");
    // What depends on the neighbours is left out at both ends.
    const own = text.slice([0, 2, 3][shift]).replace(/.{0,2}=*$/, "");
    return [own, own.replaceAll("+", "-").replaceAll("/", "_")];
  });
  const hex = bytes.toString("hex");
  const plain = [token, encodeURIComponent(token), JSON.stringify(token).slice(1, -1)];
  const forms = [...plain, hex, hex.toUpperCase(), ...inBase64.filter((form) => form.length > 5)];
  return [...new Set(forms)].sort((a, b) => b.length - a.length);
}
