-- Moving and changing in a workspace of workflows, in a real Neovim and by its own commands:
--
--   nvim --headless -u NONE -i NONE -n -l editors/neovim/test/authoring.lua
--
-- What story.lua shows of writing is not told again. Environment and words as in scene.lua.

local scene = dofile(vim.fs.dirname(vim.fn.fnamemodify(debug.getinfo(1, 'S').source:sub(2), ':p')) .. '/scene.lua')
local step, fail, wait_for = scene.step, scene.fail, scene.wait_for
local open, text_of, finding, findings = scene.open, scene.text_of, scene.finding, scene.findings
scene.begin(scene.folder('authoring'))
vim.opt.hidden = true

--- Puts the cursor on the first `mark` behind the first `after`.
local function put(after, mark)
  local text = text_of(0)
  local _, from = text:find(after, 1, true)
  local at = from and text:find(mark, from + 1, true)
  if not at then fail('no ' .. after .. ' ' .. mark, text) end
  local before = text:sub(1, at - 1)
  local _, row = before:gsub('\n', '')
  vim.api.nvim_win_set_cursor(0, { row + 1, #before:match('[^\n]*$') })
end

--- Renames what is at the cursor, and waits for words in a buffer.
local function rename(to, bufnr, words)
  vim.lsp.buf.rename(to)
  wait_for('the name ' .. to, function() return text_of(bufnr):find(words, 1, true) end, function() return text_of(bufnr) end)
end

--- Chooses the code action with these words in its title, which must be the only one; for some lines, if they are given.
local function choose(words, first, last)
  vim.lsp.buf.code_action({
    apply = true,
    range = first and { start = { first, 0 }, ['end'] = { last, #vim.fn.getline(last) } },
    filter = function(found) return found.title:find(words, 1, true) ~= nil end,
  })
end

require('copydesk').setup({ cmd = { scene.server, 'lsp' } })
local child = open('.copydesk/workflows/child.yaml')
local parent = open('.copydesk/workflows/parent.yaml')
vim.cmd.buffer(parent)

-- Who else names it.
put('- id: ', 'fetch')
local found
vim.lsp.buf.references(nil, { on_list = function(list) found = list.items end })
wait_for('the references of a step', function() return found and #found == 4 end, function() return found end)
step('references of a step: its id, a need, two expressions')

vim.lsp.buf.document_highlight()
local highlights = vim.api.nvim_create_namespace('nvim.lsp.references')
wait_for('the highlights', function()
  return #vim.api.nvim_buf_get_extmarks(parent, highlights, 0, -1, {}) == 4
end, function() return vim.api.nvim_buf_get_extmarks(parent, highlights, 0, -1, {}) end)
vim.lsp.buf.clear_references()
step('the same places are highlighted')

found = nil
vim.lsp.buf.workspace_symbol('tell', { on_list = function(list) found = list.items end })
wait_for('the symbol of another file', function()
  return found and vim.iter(found):any(function(item) return item.filename:find('child.yaml', 1, true) end)
end, function() return found end)
step('a step of another file is found by its name')

-- Names, each everywhere.
rename('get', parent, 'needs: [get]')
for _, words in ipairs({ '- id: get\n', 'steps.get.output.stdout }}"}', 'steps.get.output.stdout }}\n' }) do
  if not text_of(parent):find(words, 1, true) then fail('the step has its new name in ' .. words, text_of(parent)) end
end
step('a step is renamed: its id, a need, expressions')

put('env: ', 'shared')
rename('common', parent, '*common')
if not text_of(parent):find('&common {LEVEL', 1, true) then fail('the anchor has its new name', text_of(parent)) end
step('an anchor is renamed with its alias')

put('outputMapping: {words: ', 'said')
rename('told', child, 'told: ${{')
if not text_of(parent):find('{words: told}', 1, true) then fail('the output has its new name here', text_of(parent)) end
step('an output is renamed in the workflow that gives it')

vim.cmd.buffer(child)
put('pool: ', 'slow')
rename('few', child, 'pools: {few: 1}')
step('a pool is renamed')

put('agent: ', 'writer')
vim.lsp.buf.definition()
wait_for('the agent', function() return vim.api.nvim_buf_get_name(0):find('writer.md', 1, true) end, function() return vim.api.nvim_buf_get_name(0) end)
step('a name of an agent leads to its file')

vim.cmd.buffer(child)
put('agent: ', 'writer')
rename('author', child, 'agent: author')
wait_for('nothing to be wrong', function() return not finding(child, 'unknown-agent') end, findings(child))
step('an agent is renamed with the file that it is')

-- What stands together.
vim.cmd.buffer(parent)
vim.wo.foldmethod = 'expr'
vim.wo.foldexpr = 'v:lua.vim.lsp.foldexpr()'
wait_for('the fold of a step', function()
  vim.cmd('normal! zx')
  return vim.fn.foldlevel(4) > 0 and vim.fn.foldlevel(7) < vim.fn.foldlevel(4)
end, function() return { vim.fn.foldlevel(3), vim.fn.foldlevel(4), vim.fn.foldlevel(7) } end)
vim.wo.foldmethod = 'manual'
vim.cmd('normal! zE')
step('a step folds')

local selection = scene.request(parent, 'textDocument/selectionRange', { positions = { { line = 9, character = 12 } } })[1]
local sizes = {}
while selection do
  table.insert(sizes, selection.range['end'].line - selection.range.start.line)
  selection = selection.parent
end
if #sizes < 4 or sizes[1] ~= 0 or sizes[#sizes] < 15 then fail('the selection grows from a word to the file', sizes) end
step('a selection grows from a word to the file')

-- Layout of a part, and while a line is typed.
local before = text_of(parent)
vim.api.nvim_buf_set_lines(parent, 3, 4, false, { '    type:    shell' })
vim.lsp.buf.format({ bufnr = parent, timeout_ms = scene.PATIENCE, range = { start = { 3, 0 }, ['end'] = { 6, 0 } } })
wait_for('the layout of a part', function() return text_of(parent) == before end, function() return text_of(parent) end)
step('a part is laid out')

local last = vim.api.nvim_buf_line_count(parent)
vim.api.nvim_buf_set_lines(parent, last, last, false, { '    retry:', '' })
local typed = scene.request(parent, 'textDocument/onTypeFormatting', {
  position = { line = last + 1, character = 0 },
  ch = '\n',
  options = { tabSize = 2, insertSpaces = true },
})
if not typed[1] or typed[1].newText ~= '      ' then fail('a line below a key is indented', typed) end
vim.api.nvim_buf_set_lines(parent, last, last + 2, false, {})
step('a new line below a key is indented')

-- Changes that are more than a mend.
vim.api.nvim_buf_set_lines(parent, last, last, false, {
  '',
  '  - id: last',
  '    type: llm',
  '    agent: nobody',
  '    prompt: ${{ inputs.what }}',
})
wait_for('the missing input', function() return finding(parent, 'undeclared-input') end, findings(parent))
put('${{ inputs.', 'what')
choose("declare the input 'what'")
wait_for('the input', function() return text_of(parent):find('\ninputs:\n  what:', 1, true) end, function() return text_of(parent) end)
wait_for('the finding to go', function() return not finding(parent, 'undeclared-input') end, findings(parent))
step('a missing input is declared')

put('agent: ', 'nobody')
choose("create the agent 'nobody'")
wait_for('the agent to be there', function()
  return vim.uv.fs_stat(scene.workspace .. '/.copydesk/agents/nobody.md') or vim.iter(vim.api.nvim_list_bufs()):any(function(bufnr)
    return vim.api.nvim_buf_get_name(bufnr):find('nobody.md', 1, true) ~= nil
  end)
end, function() return vim.diagnostic.get(parent) end)
wait_for('the finding to go', function() return not finding(parent, 'unknown-agent') end, findings(parent))
step('a missing agent is created')

vim.cmd.buffer(parent)
local row = vim.fn.search('id: last', 'nw')
choose('extract the step to last_part.yaml', row, row + 3)
wait_for('the call', function() return text_of(parent):find('path: last_part.yaml', 1, true) end, function() return text_of(parent) end)
step('a step becomes a workflow of its own')

vim.cmd.buffer(parent)
last = vim.api.nvim_buf_line_count(parent)
vim.api.nvim_buf_set_lines(parent, last, last, false, {
  '',
  '  - id: make_one',
  '    type: shell',
  '    run: make one',
  '',
  '  - id: make_two',
  '    type: shell',
  '    run: make two',
})
choose('one with a matrix', last + 2, last + 8)
wait_for('the matrix', function() return text_of(parent):find('matrix:', 1, true) end, function() return text_of(parent) end)
step('steps that differ in a word become one with a matrix')

vim.cmd.buffer(child)
last = vim.api.nvim_buf_line_count(child)
vim.api.nvim_buf_set_lines(child, last, last, false, { '    idempotencyKey: inputs.about' })
wait_for('the bare expression', function() return finding(child, 'bare-expression') end, findings(child))
put('idempotencyKey: ', 'inputs')
choose('${{')
wait_for('its braces', function() return text_of(child):find('idempotencyKey: ${{ inputs.about }}', 1, true) end, function() return text_of(child) end)
step('a bare expression gets its braces')

-- Files of others, by the schema that they name, in all three syntaxes.
for _, name in ipairs({ 'a.yaml', 'a.json', 'a.toml' }) do
  local bufnr = open(name)
  wait_for('the finding in ' .. name, function() return finding(bufnr, 'type-mismatch') end, findings(bufnr))
end
step('files with a schema of their own are checked')

for _, client in ipairs(vim.lsp.get_clients()) do
  client:stop()
end
wait_for('the server to end', function() return #vim.lsp.get_clients() == 0 end)
step('the server ends when told')
scene.say('the story is told')
os.exit(0)
