/**
 * RFC 5322 and MIME, read and written: header fields, addresses, dates, parts with their octets, charsets,
 * previews, the text to search in; one spelling for every mailbox.
 *
 * Promises: reading never throws and takes time linear in the input, whatever a stranger sent; memory stays bounded
 * while a message streams in (`Scanner`). Offsets are exact: cutting the message at them gives the part's octets.
 * Every part of type multipart has at least one part in `parts`; `message` and `envelope` come together.
 *
 * Does not: know accounts, mailboxes or protocols; check signatures.
 */
export { parseAddresses } from './address.ts'
export { decodeText } from './charset.ts'
export { compose, type Draft, parameterField } from './compose.ts'
export { formatDate, parseDate } from './date.ts'
export { decodeHeader } from './encoded-word.ts'
export { headerField, headerFields } from './fields.ts'
export { htmlText } from './html.ts'
export { normalAddress, splitAddress } from './mailbox.ts'
export { Scanner, scan } from './scan.ts'
export { baseSubject } from './subject.ts'
export { textOf } from './text.ts'
export { decodeTransfer } from './transfer.ts'
export type { Address, AddressOrGroup, Envelope, Group, Part, Scanned } from './types.ts'
export { Unbinary } from './unbinary.ts'
export { encodeHeader, formatAddress } from './write.ts'
