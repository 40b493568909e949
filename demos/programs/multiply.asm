// R2 = R0 * R1 by doubling: R0, twice R0, four times R0, ... is added for each 1 of R1.

    @123
    D=A
    @R0
    M=D
    @45
    D=A
    @R1
    M=D

    @R0
    D=M
    @doubled
    M=D
    @bit
    M=1
    @R2
    M=0
(NEXT)
    @bit
    D=M
    @R1
    D=D&M
    @DOUBLE
    D;JEQ
    @doubled
    D=M
    @R2
    M=D+M
(DOUBLE)
    @doubled
    D=M
    M=D+M
    @bit
    D=M
    MD=D+M      // 0 after sixteen doublings
    @NEXT
    D;JNE
(END)
    @END
    0;JMP
