// Owns parties and accounts as the versions of ISO 20022 write them: a bank is a BIC (under two
// names), or a member of a national clearing system; an account is an IBAN or another number.
import { elementAt, elementsAt, firstTextAt, textAt, type MessageElement } from '../element.ts';

export interface ReadParty {
  readonly name?: string | undefined;
  readonly iban?: string | undefined;
  readonly account?: string | undefined;
  readonly agent?: string | undefined;
}

/** What the rule books write where a name or a bank is not known: read as nothing. */
export const NOT_PROVIDED = 'NOTPROVIDED';

/** What of a piece names a party: `Dbtr`, `DbtrAcct` and `DbtrAgt`. */
export function partyOf(from: MessageElement | undefined, name: 'Dbtr' | 'Cdtr'): ReadParty {
  const account = elementAt(from, `${name}Acct`);
  return {
    // A party may be a bank, and is then named by what a bank is.
    name: known(firstTextAt(from, [`${name}/Nm`, `${name}/Pty/Nm`, `${name}/FinInstnId/Nm`])),
    iban: textAt(account, 'Id/IBAN'),
    account: textAt(account, 'Id/Othr/Id'),
    agent: agentOf(elementAt(from, `${name}Agt`)),
  };
}

/** The BIC of a bank, or its number in the clearing system of its country. */
export function agentOf(agent: MessageElement | undefined): string | undefined {
  return known(
    firstTextAt(agent, [
      'FinInstnId/BICFI',
      'FinInstnId/BIC',
      'FinInstnId/ClrSysMmbId/MmbId',
      'FinInstnId/Othr/Id',
    ]),
  );
}

function known(text: string | undefined): string | undefined {
  return text === NOT_PROVIDED ? undefined : text;
}

/** Unstructured lines joined by a blank; the reference of the creditor where there are none. */
export function remittanceOf(from: MessageElement | undefined): string | undefined {
  const information = elementAt(from, 'RmtInf');
  const lines = elementsAt(information, 'Ustrd').map(({ text }) => text.trim());
  return lines.length > 0 ? lines.join(' ') : creditorReferenceOf(from);
}

export function creditorReferenceOf(from: MessageElement | undefined): string | undefined {
  return textAt(from, 'RmtInf/Strd/CdtrRefInf/Ref');
}
