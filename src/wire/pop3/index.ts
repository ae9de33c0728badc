export { BadCommand, formatCommand, parseCommand } from './command.ts'
export { err, ok, type ResponseCode } from './response.ts'
export type { Command, Verb } from './types.ts'
