export const SHELLS = ["bash", "zsh", "fish"] as const;
export type Shell = (typeof SHELLS)[number];

/**
 * What a shell has to be told once. It asks the slotctl that stands on the command line each time, so that the script does
 * not age. The answer is a word that says what comes (words, files or directories), and lines of a word, a tab and a
 * description.
 */
export const SCRIPTS: Readonly<Record<Shell, string>> = {
  bash: `\
# bash completion for slotctl, as "slotctl completion bash" prints it.
_slotctl() {
  local line=\${COMP_LINE:0:COMP_POINT}
  local typed=\${line##*[[:space:]]}
  # Bash breaks words at colons and equals signs, too, and replaces only what comes behind the last one.
  local breaks="" head=""
  [[ $COMP_WORDBREAKS == *:* ]] && breaks+=":"
  [[ $COMP_WORDBREAKS == *=* ]] && breaks+="="
  [[ -n $breaks ]] && head=\${typed%"\${typed##*["$breaks"]}"}
  local rest=\${typed#"$head"}

  COMPREPLY=()
  local kind value about
  {
    IFS= read -r kind || return 0
    case $kind in
      words)
        while IFS=$'\\t' read -r value about; do
          COMPREPLY+=("\${value#"$head"}")
        done
        if [[ \${#COMPREPLY[@]} -eq 1 && \${COMPREPLY[0]} == *= ]]; then compopt -o nospace; fi
        ;;
      files | directories)
        compopt -o filenames
        while IFS= read -r value; do
          COMPREPLY+=("$value")
        done < <(if [[ $kind == files ]]; then compgen -f -- "$rest"; else compgen -d -- "$rest"; fi)
        ;;
    esac
  } < <("$1" __complete line "$line" 2>/dev/null)
}
complete -F _slotctl slotctl
`,
  zsh: `\
#compdef slotctl
# zsh completion for slotctl, as "slotctl completion zsh" prints it.
_slotctl() {
  local -a answer closed open
  local line value about
  answer=("\${(@f)$("\${(Q)words[1]}" __complete words "\${(@Q)words[2,CURRENT]}" 2>/dev/null)}")
  case \${answer[1]} in
    files | directories) [[ \${words[CURRENT]} == --*=* ]] && compset -P 1 '*=' ;;
  esac
  case \${answer[1]} in
    files) _files ;;
    directories) _files -/ ;;
    words)
      for line in "\${(@)answer[2,-1]}"; do
        value=\${line%%$'\\t'*}
        about=\${line#*$'\\t'}
        value=\${value//:/\\\\:}
        if [[ $value == *= ]]; then open+=("$value:$about"); else closed+=("$value:$about"); fi
      done
      _describe -t slotctl slotctl closed -- open -S ''
      ;;
  esac
}
if [[ \${funcstack[1]} == _slotctl ]]; then
  _slotctl "$@"
else
  (( $+functions[compdef] )) || { autoload -Uz compinit && compinit; }
  compdef _slotctl slotctl
fi
`,
  fish: `\
# fish completion for slotctl, as "slotctl completion fish" prints it.
function __slotctl_complete
    set -l before (commandline -opc)
    set -l typed (commandline -ct)
    set -l answer ($before[1] __complete words $before[2..-1] "$typed" 2>/dev/null)
    switch "$answer[1]"
        case files
            __fish_complete_path "$typed"
        case directories
            __fish_complete_directories "$typed"
        case words
            printf '%s\\n' $answer[2..-1]
    end
end
complete -c slotctl -f -a '(__slotctl_complete)'
`,
};
