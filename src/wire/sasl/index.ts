export { SaslServer, type SaslStep } from './sasl.ts'
