/** What tasks come along, by the names that the command takes; loads nothing, so that a command's help can list them. */
export const taskNames = [
  "ioi",
  "agreement",
  "pronouns",
  "induction",
  "greater-than",
  "facts",
  "docstring",
] as const;

export type TaskName = (typeof taskNames)[number];
