/** google.rpc.Status on the wire: what the trailer `grpc-status-details-bin` holds. */
import { BinaryReader, BinaryWriter, WireType } from '@bufbuild/protobuf/wire';
import { Any } from 'nice-grpc-error-details';

export interface StatusMessage {
  readonly code: number;
  readonly message: string;
  readonly details: readonly Any[];
}

const CODE = 1;
const MESSAGE = 2;
const DETAILS = 3;

export function encodeStatusMessage({ code, message, details }: StatusMessage): Uint8Array {
  const writer = new BinaryWriter();
  writer.tag(CODE, WireType.Varint).int32(code);
  writer.tag(MESSAGE, WireType.LengthDelimited).string(message);
  for (const detail of details) {
    writer.tag(DETAILS, WireType.LengthDelimited).bytes(Any.encode(detail).finish());
  }
  return writer.finish();
}

/** Throws if the bytes are not such a message. */
export function decodeStatusMessage(bytes: Uint8Array): StatusMessage {
  const reader = new BinaryReader(bytes);
  let code = 0;
  let message = '';
  const details: Any[] = [];
  while (reader.pos < reader.len) {
    const [field, wireType] = reader.tag();
    if (field === CODE && wireType === WireType.Varint) code = reader.int32();
    else if (field === MESSAGE && wireType === WireType.LengthDelimited) message = reader.string();
    else if (field === DETAILS && wireType === WireType.LengthDelimited) details.push(Any.decode(reader.bytes()));
    else reader.skip(wireType, field);
  }
  return { code, message, details };
}
