export { type BearerError, formatBearer } from './bearer.ts'
export { type ChannelBindings, SaslServer, type SaslStep } from './sasl.ts'
export { formatClientFinal, formatClientFirst, type ScramKeys } from './scram.ts'
