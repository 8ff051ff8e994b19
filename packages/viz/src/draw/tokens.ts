/** Tokens in a row, coloured by a value each. */
import { formatNumber, type TokensBlock, visibleToken } from "@mlxterp/results";
import { colourOf, textOn } from "../design/colour-of.js";
import { type Look, svgFonts } from "../design/look.js";
import { frame, type Picture } from "../frame.js";
import { escapeMarkup, shorten } from "../text.js";

const perCharacter = 7.3;
const edge = 12;
const row = 30;

/** Draws tokens as they stand in the text, in as many rows as they need. */
export function drawTokens({ label, pieces, values, scale }: TokensBlock, look: Look): Picture {
  const { theme } = look;
  const colour = scale && values && colourOf(scale, theme);
  let [x, y] = [edge, 4];
  const chips = pieces.map((piece, index) => {
    const text = shorten(visibleToken(piece), 24);
    const width = Math.ceil(roomOf(text) * perCharacter + 12);
    if (x + width > look.width - edge && x > edge) [x, y] = [edge, y + row];
    const at = x;
    x += width + 4;
    const given = colour && values ? colour(values[index]) : undefined;
    const ground = given === undefined || given === "transparent" ? theme.card : given;
    const value = values ? `: ${formatNumber(values[index])}` : "";
    const title = escapeMarkup(`${index} ${visibleToken(piece)}${value}`);
    return `<rect x="${at}" y="${y}" width="${width}" height="24" rx="5" fill="${ground}" stroke="${theme.line}"><title>${title}</title></rect><text x="${at + width / 2}" y="${y + 16.5}" font-size="12" font-family="${svgFonts.token}" text-anchor="middle" fill="${given ? textOn(ground) : theme.ink}">${escapeMarkup(text)}</text>`;
  });
  const drawing = { markup: chips.join(""), width: look.width, height: y + row };
  const legend = colour && scale ? { label, scale } : undefined;
  return frame(drawing, { subtitle: `${label} (${pieces.length})`, legend }, look);
}

/** Characters of the Far East and emoji take two places. */
function roomOf(text: string): number {
  return [...text].reduce((sum, one) => sum + (/[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\uff00-\uff60]|\p{Extended_Pictographic}/u.test(one) ? 2 : 1), 0); // biome-ignore format: one sum
}
