// What an application does with Nodash's SDK: `node nodash.cjs SDK ADDRESS KEY` says what each call returned, as JSON.
const [sdk, address, key] = process.argv.slice(2)
const { NodashSDK } = require(sdk)

async function main() {
  const nodash = new NodashSDK(address, key)
  const asking = new NodashSDK(address, key, { headers: { 'x-tenant-id': 'tenant1' } })
  const said = {}
  said.first = await nodash.track('user_signed_up', { plan: 'premium', source: 'website' }, 'user-123')
  said.second = await nodash.track('page_view', { path: '/home' }, 'user-123')
  said.third = await nodash.track('ai_interaction', { model: 'gpt-4', tokens_used: 1337, user_satisfaction: 'high' })
  said.identified = await nodash.identify('user-123', { name: 'Ann Doe', email: 'ann@people.example', plan: 'premium' })
  said.again = await nodash.identify('user-123', { plan: 'free' })
  said.health = await nodash.health()
  said.events = await asking.queryEvents()
  said.mine = await asking.queryEvents({ userId: 'user-123', eventTypes: ['page_view', 'sign_out'], startDate: new Date(0) })
  said.page = await asking.queryEvents({ sortBy: 'timestamp', sortOrder: 'asc', limit: 2, offset: 2, format: 'json' })
  said.filtered = await asking.queryEvents({ properties: { path: '/home' } })
  said.users = await asking.queryUsers({ userId: 'user-123' })
  said.active = await asking.queryUsers({ activeSince: new Date(0), sortBy: 'lastSeen', sortOrder: 'desc', limit: 10 })
  said.wrong = await new NodashSDK(address, 'no-such-key-tenant1').track('x').then(() => 'taken', error => error.message)
  console.log(JSON.stringify(said))
}
main()
