/** What the tools of an agent alone are made of, held when they are made. */
import { checkBoolean, checkOptions, checkPositiveInteger } from "@mlxterp/mlx";
import type { AgentBudget } from "./tool.js";

/** Beside those of every workplace. */
export const agentRules = { write: checkBoolean, budget: checkBudget } as const;

function checkBudget(argument: string, budget: unknown): void {
  const rules = { characters: checkPositiveInteger };
  checkOptions<Partial<AgentBudget>>(argument, budget as Partial<AgentBudget>, rules);
}
