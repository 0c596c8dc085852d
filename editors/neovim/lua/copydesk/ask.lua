-- Asking: the arguments of `copydesk.ask`, filled in with what only the editor knows.
--
-- The server offers *Ask* as a code action whose command has no prompt. Neovim runs such a command through
-- vim.lsp.commands, and there the prompt is asked for. It also gets the diagnostics of the other servers, which the
-- protocol gives a server no way to see.

local M = {}

local function position(bufnr, row, column, encoding)
  row = math.min(row, math.max(vim.api.nvim_buf_line_count(bufnr) - 1, 0))
  return { line = row, character = vim.lsp.util.character_offset(bufnr, row, column, encoding) }
end

--- What others than Copydesk say about a buffer, as LSP diagnostics in `encoding`.
function M.diagnostics(bufnr, encoding)
  local found = {}
  for _, d in ipairs(vim.diagnostic.get(bufnr)) do
    if d.source ~= 'copydesk' then
      table.insert(found, {
        range = {
          start = position(bufnr, d.lnum, d.col, encoding),
          ['end'] = position(bufnr, d.end_lnum or d.lnum, d.end_col or d.col, encoding),
        },
        severity = d.severity,
        code = d.code,
        source = d.source,
        message = d.message,
      })
    end
  end
  return found
end

--- The range of `:Copydesk`: the visual selection if the command was given on it, else the lines, else the cursor.
function M.range(bufnr, encoding, lines)
  if lines.count == 0 then
    local cursor = vim.api.nvim_win_get_cursor(0)
    local here = position(bufnr, cursor[1] - 1, cursor[2], encoding)
    return { start = here, ['end'] = here }
  end
  local from, to = vim.api.nvim_buf_get_mark(bufnr, '<'), vim.api.nvim_buf_get_mark(bufnr, '>')
  if vim.fn.visualmode() == 'v' and from[1] == lines.first and to[1] == lines.last then
    local params = vim.lsp.util.make_given_range_params(from, to, bufnr, encoding)
    return params.range
  end
  local last = vim.api.nvim_buf_get_lines(bufnr, lines.last - 1, lines.last, false)[1] or ''
  return {
    start = position(bufnr, lines.first - 1, 0, encoding),
    ['end'] = position(bufnr, lines.last - 1, #last, encoding),
  }
end

--- Sends a command of the server; says it when the server refuses.
function M.send(client, command, argument, bufnr, done)
  local params = { command = command, arguments = { argument } }
  local function answered(err, result)
    if err then vim.notify('Copydesk: ' .. err.message, vim.log.levels.ERROR) end
    if done then done(err, result) end
  end
  -- 0.10 has functions where later versions have methods.
  if vim.fn.has('nvim-0.11') == 1 then
    client:request('workspace/executeCommand', params, answered, bufnr)
  else
    client.request('workspace/executeCommand', params, answered, bufnr)
  end
end

--- Whether an ask needs words and has none; one made from an `ask:` comment has them there.
local function wants_prompt(argument)
  return argument.prompt == nil and argument.comment == nil and (argument.action == nil or argument.action == 'ask')
end

--- Sends `copydesk.ask`, after asking for the prompt where it takes one and has none.
function M.ask(client, argument, bufnr, done)
  argument = vim.deepcopy(argument)
  argument.diagnostics = M.diagnostics(bufnr, client.offset_encoding)
  if not wants_prompt(argument) then return M.send(client, 'copydesk.ask', argument, bufnr, done) end
  vim.ui.input({ prompt = 'Ask Copydesk: ' }, function(prompt)
    if not prompt or vim.trim(prompt) == '' then return end
    argument.prompt = prompt
    M.send(client, 'copydesk.ask', argument, bufnr, done)
  end)
end

--- Makes every `copydesk.ask` of a code action or lens come through here.
function M.register()
  vim.lsp.commands['copydesk.ask'] = function(command, context)
    local client = vim.lsp.get_client_by_id(context.client_id)
    if not client then return end
    local argument = (command.arguments or {})[1] or {}
    local bufnr = argument.uri and vim.uri_to_bufnr(argument.uri) or context.bufnr
    M.ask(client, argument, bufnr)
  end
end

return M
