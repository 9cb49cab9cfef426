// Owns the OCSF event of a flow line: Network Activity (4001). It is written as bytes, member by
// member in canonical order, because there are tens of thousands of lines a second; a line that is
// no flow gives a reason instead.

import { ByteWriter, pieceOf, type Piece } from '../byte-writer.ts';
import type { AddressFacts, Enricher } from '../enrich/enricher.ts';
import { severity, type Origin } from '../event.ts';
import type { Place, Sink } from '../sink.ts';
import { isOfInterface, type FlowLayout, type OwnField } from './flow-layout.ts';
import { ABSENT, NO_NUMBER, type FlowLine } from './flow-line.ts';
import {
  boundaryPieces,
  directions,
  pieces,
  PROTOCOL_MAX,
  protocolPieces,
  verdicts,
  words,
  type Verdict,
} from './flow-pieces.ts';

const ACCOUNT_DIGITS = 12;
const VERSION_MAX = 99;
/** Until the year 2286. */
const SECONDS_MAX = 9_999_999_999;
const PORT_MAX = 65_535;
const TCP_FLAGS_MAX = 65_535;
const CLOUDS_KEPT_MAX = 4_096;
/** Of an event without its fields and what is said of its addresses and its account. */
const FRAME_BYTES_MAX = 4_096;
/** A byte as \u00XX. */
const BYTES_PER_BYTE_MAX = 6;
const COMMA = 0x2c;
const CLOSE_BRACE = 0x7d;

/** An event that arrived inside of another's message: which of them, its own id, its own key. */
export interface Inner {
  readonly index: number;
  readonly key: bigint;
  readonly originalUid: string;
}

interface Addresses {
  readonly source: AddressFacts | undefined;
  readonly destination: AddressFacts | undefined;
  readonly packetSource: AddressFacts | undefined;
  readonly packetDestination: AddressFacts | undefined;
}

type Direction = keyof typeof directions;

export class FlowEvents {
  readonly #enricher: Enricher;
  readonly #sink: Sink;
  readonly #metadata: Piece;
  readonly #product: Piece;
  readonly #offset: Piece;
  readonly #clouds = new Map<string, Piece>();
  #writer = new ByteWriter();
  #line!: FlowLine;
  #layout!: FlowLayout;

  constructor(origin: Origin, enricher: Enricher, sink: Sink) {
    this.#enricher = enricher;
    this.#sink = sink;
    const { source, name, archive, id } = origin;
    this.#metadata = pieceOf(
      `"metadata":{"log_name":${quoted(source)},"log_source":${quoted(name)},`,
    );
    this.#product = pieceOf(
      '"product":{"name":"VPC Flow Logs","vendor_name":"AWS"},' +
        `"profiles":["cloud","security_control"],"uid":"${id}:`,
    );
    const object = archive === undefined ? '' : `"object":${quoted(archive)},`;
    this.#offset = pieceOf(`,${object}"offset":`);
  }

  /** Adds the event to the batch; or says why the line is none. */
  write(line: FlowLine, layout: FlowLayout, place: Place, inner?: Inner): string | undefined {
    this.#line = line;
    this.#layout = layout;
    const problem = this.#problem();
    if (problem !== undefined) return problem;
    const source = this.#address(layout.source);
    if (source === null) return 'srcaddr is no address';
    const destination = this.#address(layout.destination);
    if (destination === null) return 'dstaddr is no address';
    const packetSource = this.#address(layout.packetSource);
    if (packetSource === null) return 'pkt-srcaddr is no address';
    const packetDestination = this.#address(layout.packetDestination);
    if (packetDestination === null) return 'pkt-dstaddr is no address';
    this.#add({ source, destination, packetSource, packetDestination }, place, inner);
    return undefined;
  }

  /** Checks everything but the addresses, which are looked up anyway. */
  #problem(): string | undefined {
    const line = this.#line;
    const layout = this.#layout;
    if (line.has(layout.status) && !this.#isStatus()) return 'log-status is none that is known';
    if (!this.#isWhole(layout.version, VERSION_MAX)) return 'version is no number';
    if (line.has(layout.account) && !this.#isAccount()) return 'account-id is no account';
    if (
      line.has(layout.action) &&
      !line.is(layout.action, words.accept) &&
      !line.is(layout.action, words.reject)
    ) {
      return 'action is neither ACCEPT nor REJECT';
    }
    if (!line.has(layout.start) && !line.has(layout.end)) return 'it has no time';
    if (!this.#isWhole(layout.start, SECONDS_MAX)) return 'start is no time';
    if (!this.#isWhole(layout.end, SECONDS_MAX)) return 'end is no time';
    if (!this.#isWhole(layout.sourcePort, PORT_MAX)) return 'srcport is no port';
    if (!this.#isWhole(layout.destinationPort, PORT_MAX)) return 'dstport is no port';
    if (!this.#isWhole(layout.protocol, PROTOCOL_MAX)) return 'protocol is no number';
    if (!this.#isWhole(layout.tcpFlags, TCP_FLAGS_MAX)) return 'tcp-flags is no number';
    if (!this.#isWhole(layout.packets, Infinity)) return 'packets is no number';
    if (!this.#isWhole(layout.bytes, Infinity)) return 'bytes is no number';
    return undefined;
  }

  #isWhole(index: number, max: number): boolean {
    const value = this.#line.whole(index);
    return value !== NO_NUMBER && value <= max;
  }

  #isStatus(): boolean {
    const { status } = this.#layout;
    const { ok, noData, skipData } = words;
    const line = this.#line;
    return line.is(status, ok) || line.is(status, noData) || line.is(status, skipData);
  }

  #isAccount(): boolean {
    const { account } = this.#layout;
    if (this.#line.is(account, words.unknown)) return true;
    const text = this.#line.text(account);
    return text.length === ACCOUNT_DIGITS && /^\d+$/.test(text);
  }

  /** Undefined where the line has none; null where it has something else. */
  #address(index: number): AddressFacts | undefined | null {
    if (!this.#line.has(index)) return undefined;
    return this.#enricher.address(this.#line.text(index)) ?? null;
  }

  #add(addresses: Addresses, place: Place, inner: Inner | undefined): void {
    const line = this.#line;
    const layout = this.#layout;
    const { batch } = this.#sink;
    const { source, destination, packetSource, packetDestination } = addresses;
    const isBad =
      source?.isBad === true ||
      destination?.isBad === true ||
      packetSource?.isBad === true ||
      packetDestination?.isBad === true;
    const verdict = this.#verdict(source !== undefined || destination !== undefined);
    const direction = this.#direction();
    const start = line.whole(layout.start);
    const end = line.whole(layout.end);
    const writer = batch.lines;
    const from = writer.length;
    this.#writer = writer;
    const cloud = this.#cloud();
    this.#reserve(addresses, cloud);
    writer.put(verdict.head);
    writer.put(cloud);
    this.#connection(source ?? destination, direction);
    this.#destination(addresses, direction);
    if (end !== ABSENT) this.#time(pieces.endTime, layout.end);
    this.#enrichments(addresses);
    if (isBad) writer.put(pieces.isAlert);
    this.#provenance(place, inner);
    writer.put(directions[direction].point);
    writer.put(pieces.severities[this.#severity(isBad)] as Piece);
    this.#source(addresses, direction);
    if (start !== ABSENT) this.#time(pieces.startTime, layout.start);
    this.#quoted(pieces.statusCode, layout.status);
    this.#quoted(pieces.statusDetail, layout.rejectReason);
    this.#time(verdict.statusId, start === ABSENT ? layout.end : layout.start);
    this.#traffic();
    writer.put(verdict.typeUid);
    this.#own(layout.beforeRaw, direction, false);
    this.#raw(place, inner);
    this.#own(layout.afterRaw, direction, true);
    writer.put(pieces.end);
    const timeMs = (start === ABSENT ? end : start) * 1_000;
    batch.added(from, { timeMs, isBad, key: inner?.key });
    this.#addTerms(addresses, verdict, isBad);
  }

  #reserve(
    { source, destination, packetSource, packetDestination }: Addresses,
    cloud: Piece,
  ): void {
    const said =
      (source?.bytes ?? 0) +
      (destination?.bytes ?? 0) +
      (packetSource?.bytes ?? 0) +
      (packetDestination?.bytes ?? 0);
    const frame = this.#metadata.length + this.#product.length + this.#offset.length;
    const fields = this.#line.length * BYTES_PER_BYTE_MAX;
    this.#writer.reserve(FRAME_BYTES_MAX + frame + cloud.length + said + fields);
  }

  #verdict(hasFlow: boolean): Verdict {
    if (this.#line.is(this.#layout.action, words.accept)) return verdicts.accept;
    if (this.#line.is(this.#layout.action, words.reject)) return verdicts.reject;
    return hasFlow ? verdicts.none : verdicts.noFlow;
  }

  #direction(): Direction {
    if (this.#line.is(this.#layout.direction, words.ingress)) return 'ingress';
    return this.#line.is(this.#layout.direction, words.egress) ? 'egress' : 'unknown';
  }

  #severity(isBad: boolean): number {
    if (isBad) return severity.medium;
    const isSkipped = this.#line.is(this.#layout.status, words.skipData);
    return isSkipped ? severity.low : severity.informational;
  }

  #cloud(): Piece {
    const account = this.#line.text(this.#layout.account);
    const region = this.#line.text(this.#layout.region);
    const zone = this.#line.text(this.#layout.zone);
    const key = region === '' && zone === '' ? account : `${account} ${region} ${zone}`;
    const known = this.#clouds.get(key);
    if (known !== undefined) return known;
    if (this.#clouds.size >= CLOUDS_KEPT_MAX) this.#clouds.clear();
    const name = this.#enricher.accountName(account);
    const named = name === undefined ? '' : `"name":${quoted(name)},`;
    const piece = pieceOf(
      '"cloud":{' +
        (account === '' ? '' : `"account":{${named}"type_id":10,"uid":"${account}"},`) +
        '"provider":"AWS"' +
        (region === '' ? '' : `,"region":${quoted(region)}`) +
        (zone === '' ? '' : `,"zone":${quoted(zone)}`) +
        '},',
    );
    this.#clouds.set(Buffer.from(key, 'latin1').toString('latin1'), piece);
    return piece;
  }

  #connection(facts: AddressFacts | undefined, direction: Direction): void {
    const line = this.#line;
    const layout = this.#layout;
    const writer = this.#writer;
    writer.put(pieces.connection);
    const boundary = boundaryPieces.get(line.whole(layout.path));
    if (boundary !== undefined) writer.put(boundary);
    writer.put(directions[direction].connection);
    const protocol = protocolPieces.get(line.whole(layout.protocol));
    if (protocol !== undefined) writer.put(protocol);
    const isIpv4 = line.is(layout.type, words.ipv4);
    if (isIpv4 || line.is(layout.type, words.ipv6)) writer.put(isIpv4 ? pieces.ipv4 : pieces.ipv6);
    else if (facts !== undefined) writer.put(facts.isIpv4 ? pieces.ipv4 : pieces.ipv6);
    if (line.has(layout.tcpFlags)) {
      writer.put(pieces.tcpFlags);
      line.copyTo(writer, layout.tcpFlags);
    }
    writer.put(pieces.endOfObject);
  }

  #source({ source, packetSource }: Addresses, direction: Direction): void {
    const { sourcePort: port, sourceName: name } = this.#layout;
    const hasInterface = direction === 'egress';
    if (source === undefined && !hasInterface) return;
    this.#writer.put(pieces.source);
    this.#endpoint(source, packetSource, { port, name, hasInterface });
  }

  // An event of this class names one endpoint at least: without addresses, the interface.
  #destination(addresses: Addresses, direction: Direction): void {
    const { source, destination, packetDestination } = addresses;
    const { destinationPort: port, destinationName: name } = this.#layout;
    const isAlone = source === undefined && destination === undefined;
    const hasInterface = direction === 'ingress' || (direction === 'unknown' && isAlone);
    if (destination === undefined && !hasInterface) return;
    this.#writer.put(pieces.destination);
    this.#endpoint(destination, packetDestination, { port, name, hasInterface });
  }

  #endpoint(
    facts: AddressFacts | undefined,
    packet: AddressFacts | undefined,
    at: { readonly port: number; readonly name: number; readonly hasInterface: boolean },
  ): void {
    const layout = this.#layout;
    const writer = this.#writer;
    const beginning = writer.length;
    if (at.hasInterface) {
      this.#quoted(pieces.instance, layout.instance);
      this.#quoted(pieces.interface, layout.interfaceId);
    }
    if (packet !== undefined && packet !== facts) {
      writer.put(pieces.intermediate);
      writer.text(packet.text);
      writer.put(pieces.endOfIntermediate);
      writer.byte(COMMA);
    }
    if (facts !== undefined) {
      writer.put(facts.endpoint);
      writer.byte(COMMA);
    }
    if (this.#line.has(at.port)) {
      writer.put(pieces.port);
      this.#line.copyTo(writer, at.port);
      writer.byte(COMMA);
    }
    if (at.hasInterface) this.#quoted(pieces.subnet, layout.subnet);
    this.#quoted(pieces.serviceName, at.name);
    if (at.hasInterface) this.#quoted(pieces.vpc, layout.vpc);
    // The comma behind the last member goes.
    if (writer.length > beginning) writer.cut(writer.length - 1);
    writer.put(pieces.endOfObject);
  }

  #enrichments({ source, destination, packetSource, packetDestination }: Addresses): void {
    const writer = this.#writer;
    const hasSome = [source, destination, packetSource, packetDestination].some(
      (facts) => facts !== undefined,
    );
    if (!hasSome) return;
    writer.put(pieces.enrichments);
    if (source !== undefined) this.#listed(source.asSource);
    if (destination !== undefined) this.#listed(destination.asDestination);
    if (packetSource !== undefined && packetSource !== source) {
      this.#listed(packetSource.as('src_endpoint.intermediate_ips'));
    }
    if (packetDestination !== undefined && packetDestination !== destination) {
      this.#listed(packetDestination.as('dst_endpoint.intermediate_ips'));
    }
    writer.cut(writer.length - 1);
    writer.put(pieces.endOfList);
  }

  #listed(piece: Piece): void {
    this.#writer.put(piece);
    this.#writer.byte(COMMA);
  }

  #provenance({ item }: Place, inner: Inner | undefined): void {
    const writer = this.#writer;
    writer.put(this.#metadata);
    if (this.#line.has(this.#layout.version)) {
      writer.put(pieces.logVersion);
      this.#line.copyTo(writer, this.#layout.version);
      writer.put(pieces.quoteComma);
    }
    if (inner !== undefined) {
      writer.put(pieces.originalUid);
      writer.text(quoted(inner.originalUid));
      writer.reserve(FRAME_BYTES_MAX + this.#line.length * BYTES_PER_BYTE_MAX);
      writer.byte(COMMA);
    }
    writer.put(this.#product);
    writer.number(item);
    if (inner !== undefined) writer.text(`.${inner.index}`);
    writer.put(pieces.afterUid);
  }

  #traffic(): void {
    const { bytes, packets } = this.#layout;
    const hasBytes = this.#line.has(bytes);
    const hasPackets = this.#line.has(packets);
    const writer = this.#writer;
    if (hasBytes) {
      writer.put(pieces.trafficBytes);
      this.#line.copyTo(writer, bytes);
    }
    if (hasPackets) {
      writer.put(hasBytes ? pieces.packets : pieces.trafficPackets);
      this.#line.copyTo(writer, packets);
    }
    if (hasBytes || hasPackets) writer.put(pieces.endOfObject);
  }

  #raw({ item, offset }: Place, inner: Inner | undefined): void {
    const writer = this.#writer;
    writer.put(pieces.raw);
    if (inner !== undefined) {
      writer.put(pieces.index);
      writer.number(inner.index);
      writer.byte(COMMA);
    }
    writer.put(pieces.item);
    writer.number(item);
    writer.put(this.#offset);
    writer.number(offset);
    writer.byte(CLOSE_BRACE);
  }

  /** Fields under their own names, each with a comma behind it, or before it. */
  #own(fields: readonly OwnField[], direction: Direction, isLast: boolean): void {
    for (const field of fields) {
      if (!this.#line.has(field.at)) continue;
      if (direction !== 'unknown' && isOfInterface(field.name)) continue;
      if (isLast) this.#writer.byte(COMMA);
      this.#writer.put(field.key);
      this.#line.quoteTo(this.#writer, field.at);
      if (!isLast) this.#writer.byte(COMMA);
    }
  }

  #quoted(key: Piece, index: number): void {
    if (!this.#line.has(index)) return;
    this.#writer.put(key);
    this.#line.quoteTo(this.#writer, index);
    this.#writer.byte(COMMA);
  }

  /** Seconds as milliseconds: the digits, and three zeros. */
  #time(key: Piece, index: number): void {
    this.#writer.put(key);
    this.#line.copyTo(this.#writer, index);
    this.#writer.put(this.#line.whole(index) === 0 ? pieces.comma : pieces.thousandth);
  }

  #addTerms(addresses: Addresses, verdict: Verdict, isBad: boolean): void {
    const { source, destination, packetSource, packetDestination } = addresses;
    this.#addAddress(source);
    this.#addAddress(destination);
    this.#addAddress(packetSource);
    this.#addAddress(packetDestination);
    const { account, interfaceId } = this.#layout;
    if (this.#line.has(account)) this.#sink.term('account', this.#line.text(account));
    if (this.#line.has(interfaceId)) this.#sink.term('name', this.#line.text(interfaceId));
    if (verdict.action !== undefined) this.#sink.term('action', verdict.action);
    if (isBad) this.#sink.term('known_bad', 'true');
  }

  #addAddress(facts: AddressFacts | undefined): void {
    const { batch } = this.#sink;
    if (facts === undefined || facts.batch === batch.number) return;
    facts.batch = batch.number;
    batch.terms.add(facts.term);
  }
}

function quoted(text: string): string {
  return JSON.stringify(text.toWellFormed());
}
