/** The menu of @mlxterp/server/agent. */
export { type AgentOptions, agentLimits, type ServedAgent, serveAgent } from "./serve-agent.js";
export type { AgentBudget } from "./tool.js";
