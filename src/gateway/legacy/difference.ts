// Owns the comparison of two answers to one request: status, media type and body, JSON place by
// place. Pure. What the rule says may differ is left out, and what is found is bounded.

export interface ComparableAnswer {
  readonly status: number;
  readonly mediaType: string | undefined;
  readonly body: string;
}

export interface Difference {
  /** `status`, `header:content-type`, `body`, or a JSON pointer (RFC 6901) into the body. */
  readonly place: string;
  readonly kind: 'value' | 'type' | 'absent_here' | 'absent_there';
  readonly here: unknown;
  readonly there: unknown;
}

/** So many say enough. */
const DIFFERENCES_MAX = 50;

export function compareAnswers(
  here: ComparableAnswer,
  there: ComparableAnswer,
  ignored: readonly string[],
): readonly Difference[] {
  const found: Difference[] = [];
  const ignores = ignored.map(patternOf);
  const add = (difference: Difference): void => {
    const isIgnored = ignores.some((pattern) => pattern.test(difference.place));
    if (!isIgnored && found.length < DIFFERENCES_MAX) found.push(difference);
  };
  if (here.status !== there.status) {
    add({ place: 'status', kind: 'value', here: here.status, there: there.status });
  }
  const [typeHere, typeThere] = [plainType(here.mediaType), plainType(there.mediaType)];
  if (typeHere !== typeThere) {
    add({ place: 'header:content-type', kind: 'value', here: typeHere, there: typeThere });
  }
  const [jsonHere, jsonThere] = [parse(here.body), parse(there.body)];
  if (jsonHere !== undefined && jsonThere !== undefined) {
    compareValues(jsonHere.value, jsonThere.value, '', add);
  } else if (here.body !== there.body) {
    add({ place: 'body', kind: 'value', here: here.body, there: there.body });
  }
  return found;
}

/** A star stands for one name or index; what is under an ignored place is ignored too. */
function patternOf(place: string): RegExp {
  const escaped = place.replaceAll(/[$()+.?[\\\]^{|}]/g, String.raw`\$&`);
  return new RegExp(`^${escaped.replaceAll('*', '[^/]*')}(?:/.*)?$`, 's');
}

function plainType(mediaType: string | undefined): string | undefined {
  return mediaType?.split(';', 1)[0]?.trim().toLowerCase();
}

function parse(text: string): { readonly value: unknown } | undefined {
  try {
    return { value: JSON.parse(text) as unknown };
  } catch {
    return undefined;
  }
}

function compareValues(
  here: unknown,
  there: unknown,
  place: string,
  add: (difference: Difference) => void,
): void {
  if (kindOf(here) !== kindOf(there)) {
    add({ place: place === '' ? 'body' : place, kind: 'type', here, there });
  } else if (isMembers(here) && isMembers(there)) {
    for (const name of new Set([...Object.keys(here), ...Object.keys(there)])) {
      const at = `${place}/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`;
      if (!Object.hasOwn(here, name)) {
        add({ place: at, kind: 'absent_here', here: undefined, there: there[name] });
      } else if (!Object.hasOwn(there, name)) {
        add({ place: at, kind: 'absent_there', here: here[name], there: undefined });
      } else {
        compareValues(here[name], there[name], at, add);
      }
    }
  } else if (here !== there) {
    add({ place: place === '' ? 'body' : place, kind: 'value', here, there });
  }
}

/** Arrays too, by their indexes. */
function isMembers(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}

function kindOf(value: unknown): string {
  if (value === null) return 'null';
  return Array.isArray(value) ? 'array' : typeof value;
}
