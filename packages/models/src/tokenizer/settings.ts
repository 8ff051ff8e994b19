/** The fields of tokenizer_config.json that decide what a text becomes. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { readJsonFile, readTextFile } from "../checkpoint/files/json-file.js";
import { TokenizerError } from "../errors.js";

const specialToken = z
  .union([z.string(), z.object({ content: z.string() }).transform(({ content }) => content)])
  .nullish();

const settings = z.looseObject({
  bos_token: specialToken,
  eos_token: specialToken,
  pad_token: specialToken,
  unk_token: specialToken,
  add_bos_token: z.boolean().nullish(),
  add_eos_token: z.boolean().nullish(),
  clean_up_tokenization_spaces: z.boolean().nullish(),
  chat_template: z
    .union([z.string(), z.array(z.object({ name: z.string(), template: z.string() }))])
    .nullish(),
});
export type Settings = z.output<typeof settings>;

/**
 * The settings in a checkpoint's folder; a `chat_template.jinja` beside them overrules theirs.
 *
 * @throws TokenizerError (`TOKENIZER`), CorruptCheckpointError (`CORRUPT_CHECKPOINT`)
 */
export function readSettings(folder: string): Settings {
  const file = join(folder, "tokenizer_config.json");
  const parsed = settings.safeParse(existsSync(file) ? readJsonFile(file) : {});
  if (!parsed.success) throw new TokenizerError(file, z.prettifyError(parsed.error));
  const template = join(folder, "chat_template.jinja");
  if (!existsSync(template)) return parsed.data;
  return { ...parsed.data, chat_template: readTextFile(template) };
}
