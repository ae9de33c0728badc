import { after, before } from 'node:test'
import { thunderbirdTests } from './clients/thunderbird.ts'
import { Town } from './clients/town.ts'

/*
 * Thunderbird without a screen, driven from inside, against two joined nodes as in clients.test.ts. It is large, so
 * setup/test.sh does not install it: `apt-get install --no-install-recommends thunderbird`, then run this file.
 */

const town = new Town('127.0.45.1', '127.0.45.2')
before(() => town.begin())
after(() => town.end())

thunderbirdTests(town)
