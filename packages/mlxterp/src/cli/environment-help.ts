/** The variables of the environment that change what the command does, for its help. */

/** By name, in the order of use. Read by the hub's client, the screen, and the libraries below. */
export const environmentVariables: readonly (readonly [name: string, meaning: string])[] = [
  ["HF_HOME", "folder of the hub's cache and token; default ~/.cache/huggingface"],
  ["HF_HUB_CACHE", "folder of downloaded models; default HF_HOME/hub"],
  ["XDG_CACHE_HOME", "where HF_HOME is by default; default ~/.cache"],
  ["HF_TOKEN", "access token for gated and private models"],
  ["HF_TOKEN_PATH", "file with the token; default HF_HOME/token"],
  ["HF_ENDPOINT", "another hub; default https://huggingface.co"],
  ["HF_HUB_OFFLINE", "1 is --offline: only what was downloaded before"],
  ["MLXTERP_TOKEN", "what callers of serve and mcp --http have to show; at least 16 characters"],
  ["NO_COLOR", "no colours; FORCE_COLOR=1 has them in a pipe, too"],
  ["COLUMNS", "width of output in a pipe; default 100"],
  ["NODE_COMPILE_CACHE", "read by Node 22 and later: folder of compiled code; default $TMPDIR"],
  ["NODE_DISABLE_COMPILE_CACHE", "read by Node 22 and later: 1 keeps no compiled code"],
  ["OPENBLAS_NUM_THREADS", "read by OpenBLAS: how many cores products take"],
  [
    "OPENBLAS_CORETYPE",
    "read by OpenBLAS: which kernels, such as SkylakeX on processors it does not know",
  ],
];
