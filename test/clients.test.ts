import { after, before } from 'node:test'
import { curlTests } from './clients/curl.ts'
import { mbsyncTests } from './clients/mbsync.ts'
import { msmtpTests } from './clients/msmtp.ts'
import { neomuttTests } from './clients/neomutt.ts'
import { nodeTests } from './clients/node.ts'
import { pythonTests } from './clients/python.ts'
import { swaksTests } from './clients/swaks.ts'
import { Town } from './clients/town.ts'

/* Mail programs people use, against two joined nodes, each at the home of the account and at the other node. */

const town = new Town()
before(() => town.begin())
after(() => town.end())

swaksTests(town)
curlTests(town)
pythonTests(town)
mbsyncTests(town)
msmtpTests(town)
neomuttTests(town)
nodeTests(town)
