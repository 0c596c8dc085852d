-- What other servers know, for an agent that asks: `copydesk/facts`. They are asked here, and their answer is handed on.

local M = {}

--- How long all of them may take, in milliseconds.
local PATIENCE = 8000

local function request(client, method, params, bufnr)
  -- 0.10 has functions where later versions have methods.
  if vim.fn.has('nvim-0.11') == 1 then return client:request_sync(method, params, PATIENCE, bufnr) end
  return client.request_sync(method, params, PATIENCE, bufnr)
end

local function supports(client, method)
  if vim.fn.has('nvim-0.11') == 1 then return client:supports_method(method) end
  return client.supports_method(method)
end

--- The byte of a line at which a character of that encoding begins; the end of the line where there is none.
local function byte_of(line, character, encoding)
  if encoding == 'utf-8' then return math.min(character, #line) end
  if vim.fn.has('nvim-0.11') == 1 then return vim.str_byteindex(line, encoding, character, false) end
  local ok, byte = pcall(vim.str_byteindex, line, character, encoding == 'utf-16')
  return ok and byte or #line
end

local function character_of(line, byte, encoding)
  if encoding == 'utf-8' then return byte end
  if vim.fn.has('nvim-0.11') == 1 then return vim.str_utfindex(line, encoding, byte, false) end
  local in32, in16 = vim.str_utfindex(line, byte)
  return encoding == 'utf-16' and in16 or in32
end

--- A position that counts in one encoding, in another.
local function recoded(bufnr, position, from, to)
  if from == to then return position end
  local line = vim.api.nvim_buf_get_lines(bufnr, position.line, position.line + 1, false)[1] or ''
  return { line = position.line, character = character_of(line, byte_of(line, position.character, from), to) }
end

local function loaded(uri)
  local bufnr = vim.uri_to_bufnr(uri)
  vim.fn.bufload(bufnr)
  return bufnr
end

--- Gathers pieces by file.
local function gather()
  local files, order = {}, {}
  local function add(uri, range, text, from, to)
    if not files[uri] then
      files[uri] = { uri = uri, items = {} }
      table.insert(order, files[uri])
    end
    local bufnr = from ~= to and loaded(uri) or nil
    local place = bufnr
        and { start = recoded(bufnr, range.start, from, to), ['end'] = recoded(bufnr, range['end'], from, to) }
      or range
    table.insert(files[uri].items, { range = place, text = text })
  end
  return add, order
end

local function diagnostics(question, ours)
  local add, order = gather()
  local buffers = question.uri and { vim.uri_to_bufnr(question.uri) } or vim.api.nvim_list_bufs()
  for _, bufnr in ipairs(buffers) do
    if vim.api.nvim_buf_is_loaded(bufnr) and vim.api.nvim_buf_get_name(bufnr) ~= '' then
      for _, found in ipairs(require('copydesk.ask').diagnostics(bufnr, ours.offset_encoding)) do
        local words = found.source and found.message .. ' (' .. found.source .. ')' or found.message
        add(vim.uri_from_bufnr(bufnr), found.range, words, '', '')
      end
    end
  end
  return order
end

local function edits_of(edit)
  local all = {}
  for uri, edits in pairs(edit.changes or {}) do
    table.insert(all, { uri = uri, edits = edits })
  end
  for _, change in ipairs(edit.documentChanges or {}) do
    if change.textDocument then table.insert(all, { uri = change.textDocument.uri, edits = change.edits }) end
  end
  return all
end

local methods = { references = 'textDocument/references', rename = 'textDocument/rename' }

--- Answers one question of the server.
function M.answer(question, ours)
  if question.kind == 'diagnostics' then return { files = diagnostics(question, ours) } end
  local method = methods[question.kind]
  if not method then return { files = {} } end
  local add, order = gather()
  local bufnr = loaded(question.uri)
  for _, client in ipairs(vim.lsp.get_clients({ bufnr = bufnr })) do
    if client.name ~= ours.name and supports(client, method) then
      local params = {
        textDocument = { uri = question.uri },
        position = recoded(bufnr, question.position, ours.offset_encoding, client.offset_encoding),
        context = { includeDeclaration = true },
        newName = question.newName,
      }
      local answer = request(client, method, params, bufnr)
      local result = answer and answer.result
      if result and question.kind == 'references' then
        for _, place in ipairs(result) do
          add(place.uri, place.range, '', client.offset_encoding, ours.offset_encoding)
        end
      elseif result then
        for _, file in ipairs(edits_of(result)) do
          for _, edit in ipairs(file.edits) do
            add(file.uri, edit.range, edit.newText, client.offset_encoding, ours.offset_encoding)
          end
        end
        -- One server renames; a second one would do it twice.
        break
      end
    end
  end
  return { files = order }
end

return M
