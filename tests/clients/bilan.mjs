// What an application does with bilan's SDK: `node bilan.mjs SDK ADDRESS KEY` says what was done, as JSON, for whoever counts.
const [sdk, endpoint, apiKey] = process.argv.slice(2)
const bilan = await import(sdk)
const ask = async () => 'an answer'
const fail = async () => { throw new Error('429 rate limit') }
const wait = ms => new Promise(done => setTimeout(done, ms))

await bilan.init({
  mode: 'server', endpoint, apiKey, userId: bilan.createUserId('user-123'),
  privacyConfig: { defaultCaptureLevel: 'sanitized', captureLevels: { prompts: 'sanitized', responses: 'none' } },
  eventBatching: { batchSize: 10, flushInterval: 300 },
})
const conversation = await bilan.startConversation('user-123')
const context = { conversation_id: conversation, journey_id: 'email-workflow', systemPromptVersion: 'v2.1', modelUsed: 'gpt-4' }
const { turnId: first } = await bilan.trackTurn('Write to ann@people.example', ask, { ...context, turn_sequence: 1 })
const { turnId: second } = await bilan.trackTurn('Write the body', ask, { conversationId: conversation, turn_sequence: 2 })
await bilan.trackTurn('Never answered', fail, context).catch(() => undefined)
await bilan.vote(first, 1, 'Very helpful!')
await bilan.vote(second, -1, 'Not quite what I needed')
for (const step of ['draft-created', 'ai-suggestions-applied', 'completed']) {
  await bilan.trackJourneyStep('email-workflow', step, 'user-123')
}
await bilan.recordFeedback(conversation, 1, 'nice')
await bilan.recordRegeneration(conversation, 'too long')
await bilan.track('frustration_detected', { conversation_id: conversation })
await bilan.track('exported_a_draft', { format: 'pdf' })
await bilan.endConversation(conversation, 'completed')
await wait(1500)
console.log(JSON.stringify({ conversation, first, second }))
process.exit(0)
