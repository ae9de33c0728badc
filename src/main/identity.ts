import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { newId } from '../kit/index.ts'
