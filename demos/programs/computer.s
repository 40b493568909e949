# Prints a greeting, sorts numbers, and finds the primes below 100; RV32I, no multiplication, no division.
.equ CONSOLE, 0x10000000
.equ EXIT, 8                # behind the console: a word ends the program
.equ COUNT, 12
.equ LIMIT, 100
.text
_start:
    li   s0, CONSOLE
    la   a0, greeting
    call print
    la   a0, numbers
    li   a1, COUNT
    call sort
    la   s1, numbers
    li   s2, COUNT
1:  lw   a0, 0(s1)
    call print_number
    addi s1, s1, 4
    addi s2, s2, -1
    bnez s2, 1b
    li   t0, '\n'
    sb   t0, (s0)
    call primes
    li   t0, '\n'
    sb   t0, (s0)
    li   t0, 1
    sw   t0, EXIT(s0)

print:                      # the text at a0
    lbu  t0, (a0)
    beqz t0, 1f
    sb   t0, (s0)
    addi a0, a0, 1
    j    print
1:  ret

print_number:               # a0, below 1,000, and a space
    li   t1, 100
    li   t3, 0              # whether a digit was printed
1:  li   t2, '0'
2:  bltu a0, t1, 3f
    sub  a0, a0, t1
    addi t2, t2, 1
    li   t3, 1
    j    2b
3:  beqz t3, 4f             # no zeros in front
    sb   t2, (s0)
4:  li   t4, 10
    beq  t1, t4, 5f
    li   t1, 10
    j    1b
5:  addi a0, a0, '0'
    sb   a0, (s0)
    li   t0, ' '
    sb   t0, (s0)
    ret

sort:                       # a1 words at a0, by insertion
    addi t0, a0, 4
    slli a1, a1, 2
    add  a1, a0, a1
1:  beq  t0, a1, 4f
    lw   t1, 0(t0)
    mv   t2, t0
2:  beq  t2, a0, 3f
    lw   t3, -4(t2)
    ble  t3, t1, 3f
    sw   t3, 0(t2)
    addi t2, t2, -4
    j    2b
3:  sw   t1, 0(t2)
    addi t0, t0, 4
    j    1b
4:  ret

primes:                     # the sieve of Eratosthenes
    mv   s3, ra
    la   s1, marks
    li   s2, 2
1:  add  t0, s1, s2
    lbu  t1, (t0)
    bnez t1, 3f
    mv   a0, s2
    call print_number
    li   t2, LIMIT
    li   t1, 1
    slli t0, s2, 1
2:  bge  t0, t2, 3f
    add  t3, s1, t0
    sb   t1, (t3)
    add  t0, t0, s2
    j    2b
3:  addi s2, s2, 1
    li   t2, LIMIT
    blt  s2, t2, 1b
    mv   ra, s3
    ret

.rodata
greeting: .asciz "Hello from NAND gates!\n"
.data
numbers: .word 31, 415, 92, 653, 58, 979, 3, 238, 46, 264, 338, 7
.bss
marks: .space LIMIT
