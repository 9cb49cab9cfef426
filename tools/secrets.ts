// No secret is in the repository: every text file is searched for keys, tokens and addresses with
// passwords. A history remembers what was committed once, so this runs before a commit.
import { findSecrets } from '#platform';
import { readTree, root } from './tree.ts';
import type { TextFile } from './tree.ts';

/** A sentence for each finding; it names the place and never the secret. */
export async function findPlantedSecrets(files: readonly TextFile[]): Promise<string[]> {
  const findings = await Promise.all(
    files.map(async ({ path, text }) => {
      const found = await findSecrets(text, path);
      return found.map(({ kind, line }) => `${path}:${line} looks like a secret (${kind})`);
    }),
  );
  return findings.flat();
}

if (process.argv[1] === import.meta.filename) {
  const findings = await findPlantedSecrets(readTree(root));
  for (const finding of findings) console.log(finding);
  process.exitCode = findings.length === 0 ? 0 : 1;
}
