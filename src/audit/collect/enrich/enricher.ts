// Owns what is added to events from the lists: what an address is, where it belongs and whether it
// is known to be bad, and the name of an account. What was found for an address is kept ready as
// the text that goes into events, for the addresses seen last: a log repeats few addresses very
// often.

import { canonical, type Json } from '../../canonical.ts';
import { pieceOf, type Piece } from '../byte-writer.ts';
import { collectedTerm } from '../terms.ts';
import { formatAddress, isIpv4, parseAddress } from './address.ts';
import { classOf, isInternal } from './address-class.ts';
import type { EnrichmentLists } from './lists.ts';

/** Addresses kept are at most twice as many, about 1.5 KB each. */
const GENERATION_SIZE = 16_384;

const SCOPE_INTERNAL = 1;
const SCOPE_EXTERNAL = 2;

export class AddressFacts {
  /** In its one spelling. */
  readonly text: string;
  readonly term: number;
  readonly isIpv4: boolean;
  readonly isBad: boolean;
  readonly scopeId: number;
  /** Members of an OCSF network endpoint: ip and network_scope_id. */
  readonly endpoint: Piece;
  /** OCSF enrichments of src_endpoint.ip and dst_endpoint.ip. */
  readonly asSource: Piece;
  readonly asDestination: Piece;
  /** The last batch whose terms have this address. */
  batch = 0;
  readonly #data: Json;
  #others: Map<string, Piece> | undefined;

  constructor(text: string, lists: EnrichmentLists, address: bigint) {
    const name = classOf(address);
    const own = lists.ownRanges.find(address);
    const bad = lists.badLists.filter(({ ranges }) => ranges.find(address) === true);
    this.text = text;
    this.term = collectedTerm('address', text);
    this.isIpv4 = isIpv4(address);
    this.isBad = bad.length > 0;
    this.scopeId = own !== undefined || isInternal(name) ? SCOPE_INTERNAL : SCOPE_EXTERNAL;
    this.#data = {
      class: name,
      known_bad: this.isBad ? bad.map((list) => list.name) : undefined,
      own_range: own,
    };
    this.endpoint = pieceOf(`"ip":"${text}","network_scope_id":${this.scopeId}`);
    this.asSource = this.#pieceOf('src_endpoint.ip');
    this.asDestination = this.#pieceOf('dst_endpoint.ip');
  }

  /** At least as many as what is said of it in one event. */
  get bytes(): number {
    return 4 * this.asSource.length + this.endpoint.length;
  }

  /** The same of another attribute. */
  as(attribute: string): Piece {
    const known = this.#others?.get(attribute);
    if (known !== undefined) return known;
    const piece = this.#pieceOf(attribute);
    this.#others ??= new Map();
    this.#others.set(attribute, piece);
    return piece;
  }

  /** As an OCSF enrichment of the attribute that holds the address. */
  enrichmentOf(attribute: string): Json {
    return { data: this.#data, name: attribute, type: 'address', value: this.text };
  }

  #pieceOf(attribute: string): Piece {
    return pieceOf(canonical(this.enrichmentOf(attribute)));
  }
}

export class Enricher {
  readonly #lists: EnrichmentLists;
  #recent = new Map<string, AddressFacts>();
  #earlier = new Map<string, AddressFacts>();

  constructor(lists: EnrichmentLists) {
    this.#lists = lists;
  }

  /** Undefined when the text is no address. */
  address(text: string): AddressFacts | undefined {
    return this.#recent.get(text) ?? this.#look(text);
  }

  accountName(id: string): string | undefined {
    return this.#lists.accounts.get(id);
  }

  #look(text: string): AddressFacts | undefined {
    let facts = this.#earlier.get(text);
    if (facts === undefined) {
      const address = parseAddress(text);
      if (address === undefined) return undefined;
      facts = new AddressFacts(formatAddress(address), this.#lists, address);
    }
    if (this.#recent.size >= GENERATION_SIZE) {
      this.#earlier = this.#recent;
      this.#recent = new Map();
    }
    // A text cut out of a block of input would keep that whole block in memory.
    this.#recent.set(Buffer.from(text, 'latin1').toString('latin1'), facts);
    return facts;
  }
}
