/**
 * Variables that decide which code this process and its children load, where they connect to, and whom they trust. A secret's field
 * is named by whoever may write secrets: that must not be enough to take a machine over.
 */
const protectedNames =
  /^(PATH|HOME|SHELL|NODE_.*|LD_.*|DYLD_.*|IRON_CAGE_.*|.*_PROXY|SSL_CERT_.*)$/i;
/** The system ends a name at either of these. */
const unusable = /^$|[\0=]/;

/** True for a variable that no secret may set, whatever its case: some systems and programs ignore it. */
export function isProtectedVariable(name: string): boolean {
  return unusable.test(name) || protectedNames.test(name);
}
