/** The menu of @mlxterp/server/agent. */
export {};
