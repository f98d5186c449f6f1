/** What a command takes over from the driver's own environment; all else comes from the plan. */
const ALLOWED =
  /^(PATH|HOME|USER|LOGNAME|SHELL|LANG|LANGUAGE|LC_[A-Z]+|TZ|TMPDIR|SSH_AUTH_SOCK|XDG_(RUNTIME_DIR|CONFIG_HOME|CACHE_HOME)|DOCKER_(HOST|CONTEXT|CONFIG)|KUBECONFIG|GH_CONFIG_DIR|SSL_CERT_(FILE|DIR)|NODE_EXTRA_CA_CERTS|(HTTPS?|NO|ALL)_PROXY|(https?|no|all)_proxy)$/;

/** Variables that would change what a shell runs, or turn an approval into none (X47): worth a note when they were set. */
const HARMFUL = /^(BASH_ENV|ENV|SHELLOPTS|BASHOPTS|OPS_CAP_AUTO_APPROVE|BASH_FUNC_.*)$/;

/** What a command is run with. */
export interface CommandEnvironment {
  readonly variables: Readonly<Record<string, string>>;
  /** Names of harmful variables that were kept from the command, ascending. */
  readonly stripped: readonly string[];
}

/** The environment of a command: the allowed part of `own`, and over it the variables of the plan. */
export function commandEnvironment(
  own: Readonly<Record<string, string | undefined>>,
  given: Readonly<Record<string, string>>,
): CommandEnvironment {
  const variables: Record<string, string> = {};
  for (const [name, value] of Object.entries(own)) {
    if (value !== undefined && ALLOWED.test(name)) variables[name] = value;
  }
  const stripped = Object.keys(own).filter((name) => HARMFUL.test(name) && given[name] === undefined);
  return { variables: { ...variables, ...given }, stripped: stripped.sort() };
}
